// Pictures that change with time, and the slider that moves them.

extension Report {
  /// The most pictures of a run on its page, and the most bytes of them in all.
  public static let mostPictures = 24
  private static let mostBytes = 6 << 20

  /// As many of a list as are wanted, evenly spread, the first and the last among them.
  public static func spread<Element>(_ all: [Element], over count: Int) -> [Element] {
    guard all.count > count, count > 1 else { return Array(all.prefix(count)) }
    return (0..<count).map { all[$0 * (all.count - 1) / (count - 1)] }
  }

  static func thinned(_ pictures: [Picture], runs: Int = 1) -> [Picture] {
    let mean = max(1, pictures.reduce(0) { $0 + $1.png.count } / max(1, pictures.count))
    return spread(pictures, over: max(2, min(mostPictures, mostBytes / mean) / min(runs, 3)))
  }

  /// All pictures of a run at one place; the script shows one of them, and without it the last one is seen.
  static func frames(_ run: Run, _ pictures: [Picture]) -> String {
    let images = pictures.map {
      Markup.image($0, of: "Samples of \(run.name)", hidden: $0.step != pictures.last?.step)
    }
    return "<div class=\"frames\">\(images.joined())</div>\n"
  }

  /// One slider over all steps of which some run has a picture.
  static func slider(of pictures: [[Picture]]) -> String {
    let steps = Set(pictures.flatMap { $0.map(\.step) }).sorted()
    guard steps.count > 1, let last = steps.last else { return "" }
    return """
      <div class="time" data-step="\(last)"><button type="button" aria-label="Play" data-state="still">\
      <svg class="play" viewBox="0 0 14 14"><path d="M3 1.500v11l9.500-5.500z"/></svg>\
      <svg class="pause" viewBox="0 0 14 14"><path d="M2.500 1.500h3v11h-3zM8.500 1.500h3v11h-3z"/></svg></button>\
      <input type="range" min="0" max="\(steps.count - 1)" value="\(steps.count - 1)" step="1" aria-label="Step" \
      data-steps="[\(steps.map(String.init).joined(separator: ","))]"><output>step \(Markup.count(last))</output></div>

      """
  }
}
