/// Several plots side by side in one picture.
public struct PlotGrid: Sendable {
  public let plots: [Plot]
  public let columns: Int

  public init(_ plots: [Plot], columns: Int) {
    precondition(columns > 0, "a grid of plots needs 1 column or more, not \(columns)")
    (self.plots, self.columns) = (plots, columns)
  }

  /// The picture as SVG.
  ///
  /// - Parameters:
  ///   - width: Of one plot, in pixels.
  ///   - height: Likewise.
  public func svg(width: Int = 400, height: Int = 320) -> String {
    let columns = min(columns, max(plots.count, 1))
    let rows = (plots.count + columns - 1) / columns
    let panels = plots.enumerated().map { i, plot in
      let place = "translate(\(i % columns * width),\(i / columns * height))"
      return "<g transform=\"\(place)\">\n"
        + Panel(plot, width: Double(width), height: Double(height)).drawing + "</g>\n"
    }
    return Panel.document(columns * width, rows * height, panels.joined())
  }
}

extension Plot {
  /// The picture as SVG; sizes in pixels.
  public func svg(width: Int = 640, height: Int = 400) -> String {
    Panel.document(width, height, Panel(self, width: Double(width), height: Double(height)).drawing)
  }

  /// Writes the SVG, whole or not at all.
  public func writeSVG(to path: String) throws(RecordError) { try Panel.write(svg(), to: path) }
}

extension PlotGrid {
  /// Writes the SVG, whole or not at all.
  public func writeSVG(to path: String) throws(RecordError) { try Panel.write(svg(), to: path) }
}

/// One plot in its rectangle.
private struct Panel {
  // Grey that is readable on white and on black.
  private static let grey = "#767676"
  private static let colours = ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377"]
  private static let fontSize = 12.0
  /// The mean width of a letter; what is drawn is set by the reader's own font.
  private static let letter = 0.56 * fontSize

  private let plot: Plot
  private let width: Double
  private let height: Double
  private let legend: [[String]]
  private let area: (x: Double, y: Double, width: Double, height: Double)
  private let xs: AxisScale
  private let ys: AxisScale
  private let xTicks: [(value: Double, text: String)]
  private let yTicks: [(value: Double, text: String)]

  init(_ plot: Plot, width: Double, height: Double) {
    (self.plot, self.width, self.height) = (plot, width, height)
    var (xs, ys) = plot.scales
    // Rows of the legend, as many names in each as fit; what has one name needs none.
    var legend: [[String]] = []
    var used = 0.0
    for name in plot.names where plot.names.count > 1 {
      let needed = Self.entryWidth(name)
      if legend.isEmpty || used + needed > width - 24 {
        legend.append([])
        used = 0
      }
      legend[legend.count - 1].append(name)
      used += needed
    }
    let top = 34 + 18 * Double(legend.count)
    let inner = height - top - 48
    let yCount = max(2, Int(inner / 48))
    let left = 34 + Self.letter * Double(ys.ticks(about: yCount).map(\.text.count).max() ?? 1)
    let area = (x: left, y: top, width: max(width - left - 18, 1), height: max(inner, 1))
    if plot.isIsometric {
      let ratio = (area.width / (xs.high - xs.low)) / (area.height / (ys.high - ys.low))
      if ratio > 1 { xs = xs.widened(by: ratio) } else { ys = ys.widened(by: 1 / ratio) }
    }
    (self.legend, self.area, self.xs, self.ys) = (legend, area, xs, ys)
    xTicks = xs.ticks(about: max(2, Int(area.width / 70)))
    yTicks = ys.ticks(about: yCount)
  }

  static func document(_ width: Int, _ height: Int, _ content: String) -> String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" \
    font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="12" fill="none">
    \(content)</svg>

    """
  }

  static func write(_ svg: String, to path: String) throws(RecordError) {
    try AtomicFile.write(to: path) { (file) throws(RecordError) in try file.write(svg) }
  }

  /// Title, legend, axes and marks, as SVG elements.
  var drawing: String {
    let middle = area.x + area.width / 2
    let frame =
      Self.text(plot.title, at: (width / 2, 20), "text-anchor=\"middle\" font-size=\"14\" font-weight=\"600\"")
      + legendDrawing + ticksDrawing
      + Self.text(plot.x.label, at: (middle, area.y + area.height + 38), "text-anchor=\"middle\"")
      + Self.text(
        plot.y.label, at: (0, 0),
        "text-anchor=\"middle\" transform=\"translate(14,\(Self.number(area.y + area.height / 2))) rotate(-90)\"")
    // A picture inside the picture cuts off what lies outside the axes.
    let marks = """
      <svg x="\(Self.number(area.x))" y="\(Self.number(area.y))" width="\(Self.number(area.width))" \
      height="\(Self.number(area.height))" overflow="hidden">
      \(plot.marks.map(drawing(of:)).joined())</svg>

      """
    return frame + marks
  }

  // MARK: Around the marks

  private static func entryWidth(_ name: String) -> Double { 38 + letter * Double(name.count) }

  private var legendDrawing: String {
    legend.enumerated().map { row, names in
      var x = max(12, (width - names.map(Self.entryWidth).reduce(0, +)) / 2)
      let y = 40 + 18 * Double(row)
      return names.map { name in
        defer { x += Self.entryWidth(name) }
        return sample(of: name, at: (x, y - 4)) + Self.text(name, at: (x + 24, y), "")
      }.joined()
    }.joined()
  }

  /// What the marks of a name look like, 18 pixels wide.
  private func sample(of name: String, at place: Plot.Point) -> String {
    let marks = plot.marks.filter { $0.name == name }
    let (x, y) = (Self.number(place.x), Self.number(place.y))
    if marks.contains(where: \.isDotted) {
      return "<circle cx=\"\(Self.number(place.x + 9))\" cy=\"\(y)\" r=\"3.5\" fill=\"\(colour(of: name))\"/>\n"
    }
    let isBand = marks.allSatisfy(\.isBand)
    let style = isBand ? "stroke-width=\"8\" stroke-opacity=\"0.25\"" : "stroke-width=\"2\""
    let dashes = !isBand && marks.allSatisfy(\.isDashed) ? " stroke-dasharray=\"4 3\"" : ""
    return "<path d=\"M\(x) \(y)h18\" stroke=\"\(colour(of: name))\" \(style)\(dashes)/>\n"
  }

  private var ticksDrawing: String {
    let grid = "stroke=\"\(Self.grey)\" stroke-opacity=\"0.2\""
    let (bottom, right) = (area.y + area.height, area.x + area.width)
    var result = ""
    for tick in xTicks {
      guard let share = xs.place(tick.value) else { continue }
      let x = area.x + share * area.width
      result += "<path d=\"M\(Self.number(x)) \(Self.number(area.y))V\(Self.number(bottom))\" \(grid)/>\n"
      result += Self.text(tick.text, at: (x, bottom + 17), "text-anchor=\"middle\"")
    }
    for tick in yTicks {
      guard let share = ys.place(tick.value) else { continue }
      let y = bottom - share * area.height
      guard y >= area.y - 0.5, y <= bottom + 0.5 else { continue }
      result += "<path d=\"M\(Self.number(area.x)) \(Self.number(y))H\(Self.number(right))\" \(grid)/>\n"
      result += Self.text(tick.text, at: (area.x - 7, y + 4), "text-anchor=\"end\"")
    }
    return result
      + "<path d=\"M\(Self.number(area.x)) \(Self.number(area.y))V\(Self.number(bottom))H\(Self.number(right))\" "
      + "stroke=\"\(Self.grey)\"/>\n"
  }

  // MARK: Marks

  private func colour(of name: String?) -> String {
    guard let name, let index = plot.names.firstIndex(of: name) else { return Self.grey }
    return Self.colours[index % Self.colours.count]
  }

  /// The place of a point in the area, or nil where it cannot be shown.
  private func place(_ point: Plot.Point) -> Plot.Point? {
    guard let x = xs.place(point.x), let y = ys.place(point.y) else { return nil }
    // Far outside, SVG's readers lose precision; nothing of it is seen.
    let clamp = { (share: Double) in min(max(share, -50), 50) }
    return (clamp(x) * area.width, (1 - clamp(y)) * area.height)
  }

  private func drawing(of mark: Plot.Mark) -> String {
    let colour = colour(of: mark.name)
    let places = mark.points.map(place)
    let line = { (path: String, style: String) in
      path.isEmpty ? "" : "<path d=\"\(path)\" stroke=\"\(colour)\" stroke-linejoin=\"round\" \(style)/>\n"
    }
    switch mark.kind {
    case .line(let isDashed):
      return line(
        Self.path(places), isDashed ? "stroke-width=\"1.5\" stroke-dasharray=\"4 3\"" : "stroke-width=\"2\"")
    case .segments:
      let pieces = stride(from: 0, to: places.count - 1, by: 2).map { Self.path(Array(places[$0...$0 + 1])) }
      return line(pieces.joined(), "stroke-width=\"1.5\" stroke-opacity=\"\(Self.number(mark.strength))\"")
    case .horizontal:
      guard let share = ys.place(mark.points[0].y) else { return "" }
      let y = Self.number((1 - share) * area.height)
      return line("M0 \(y)H\(Self.number(area.width))", "stroke-width=\"1.5\" stroke-dasharray=\"4 3\"")
    case .vertical:
      guard let share = xs.place(mark.points[0].x) else { return "" }
      let x = Self.number(share * area.width)
      return line("M\(x) 0V\(Self.number(area.height))", "stroke-width=\"1.5\" stroke-dasharray=\"4 3\"")
    case .dots:
      let seen = places.compactMap { $0 }
      if seen.count > 200 { return Self.crowd(seen, colour) }
      let dots = seen.map { "<circle cx=\"\(Self.number($0.x))\" cy=\"\(Self.number($0.y))\" r=\"3.5\"/>\n" }
      return "<g fill=\"\(colour)\" fill-opacity=\"0.9\">\n\(dots.joined())</g>\n"
    case .band(let upper):
      let edges = zip(mark.points, upper).compactMap { low, high -> (low: Plot.Point, high: Plot.Point)? in
        guard let low = place(low), let high = place((low.x, high)) else { return nil }
        return (low, high)
      }
      guard edges.count > 1 else { return "" }
      let outline = Self.path(edges.map(\.low) + edges.reversed().map(\.high)) + "Z"
      return "<path d=\"\(outline)\" fill=\"\(colour)\" fill-opacity=\"0.25\"/>\n"
    }
  }

  /// Many dots, which are small and let others through: lines of no length with round ends, a third of the bytes of as
  /// many circles. A line covers itself only once, so each has few of the dots, and a place of many is still darker.
  private static func crowd(_ places: [Plot.Point], _ colour: String) -> String {
    let lines = stride(from: 0, to: places.count, by: 25).map { first in
      let dots = places[first..<min(first + 25, places.count)].map { place in
        "M\(ProgressLine.fixed(place.x, places: 1)) \(ProgressLine.fixed(place.y, places: 1))h0"
      }
      return "<path d=\"\(dots.joined())\"/>\n"
    }
    let stroke = "stroke=\"\(colour)\" stroke-opacity=\"0.4\" stroke-width=\"3\" stroke-linecap=\"round\""
    return "<g \(stroke)>\n\(lines.joined())</g>\n"
  }

  /// A line through places; it is lifted where there is none.
  private static func path(_ places: [Plot.Point?]) -> String {
    var (path, isDown) = ("", false)
    for place in places {
      guard let place else {
        isDown = false
        continue
      }
      path += (isDown ? "L" : "M") + "\(number(place.x)) \(number(place.y))"
      isDown = true
    }
    return path
  }

  private static func text(_ text: String, at place: Plot.Point, _ attributes: String) -> String {
    let escaped = text.reduce(into: "") { result, character in
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      default: result.append(character)
      }
    }
    return "<text x=\"\(number(place.x))\" y=\"\(number(place.y))\" fill=\"\(grey)\" \(attributes)>\(escaped)</text>\n"
  }

  /// A hundredth of a pixel is more than anybody sees.
  private static func number(_ value: Double) -> String { ProgressLine.fixed(value, places: 2) }
}

extension Plot.Mark {
  fileprivate var isDotted: Bool { if case .dots = kind { true } else { false } }
  fileprivate var isBand: Bool { if case .band = kind { true } else { false } }
  fileprivate var isDashed: Bool {
    switch kind {
    case .line(let isDashed): isDashed
    case .horizontal, .vertical: true
    default: false
    }
  }
}

extension Plot {
  /// The scales that show every mark; lines across the plot count on their own axis only.
  fileprivate var scales: (x: AxisScale, y: AxisScale) {
    var (xs, ys): ([Double], [Double]) = ([], [])
    for mark in marks {
      switch mark.kind {
      case .horizontal: ys.append(mark.points[0].y)
      case .vertical: xs.append(mark.points[0].x)
      default:
        xs += mark.points.map(\.x)
        ys += mark.points.map(\.y)
        if case .band(let upper) = mark.kind { ys += upper }
      }
    }
    return (AxisScale(x, showing: xs), AxisScale(y, showing: ys))
  }
}
