/// The numbers of a survey, in the order in which they are told; as JSON, what other programs read.
public struct DatasetSummary: Codable, Equatable, Sendable {
  public struct Part: Codable, Equatable, Sendable {
    /// Empty where the data set comes in one part.
    public var name: String
    public var images: Int
    public var classes: [Count]
  }

  public struct Count: Codable, Equatable, Sendable {
    public var name: String
    public var images: Int
  }

  public struct Size: Codable, Equatable, Sendable {
    public var width, height, images: Int
  }

  public struct Sizes: Codable, Equatable, Sendable {
    /// By number of pixels; `images` counts those of that size.
    public var smallest, median, largest: Size
    /// The most frequent, up to five.
    public var commonest: [Size]
    public var distinct: Int
  }

  public struct Channels: Codable, Equatable, Sendable {
    /// Files that store no colour.
    public var grey: Int
    /// Files that do, but show grey only.
    public var colourless: Int
    /// Files that store an opacity, and those among them with a pixel that is not opaque.
    public var alpha, transparent: Int
  }

  /// How many pictures can be brought to a size without being enlarged.
  public struct Fitting: Codable, Equatable, Sendable {
    public var size, images: Int
  }

  public var name: String
  public var images: Int
  public var parts: [Part]
  /// Nil where there is no picture.
  public var sizes: Sizes?
  public var channels: Channels
  public var formats: [Count]
  /// Bits of a stored sample.
  public var depths: [Count]
  /// Files that EXIF turns or mirrors.
  public var turned: Int
  /// Of red, green and blue, 0 to 255, over white; each picture counts the same.
  public var means, deviations: [Double]
  public var fitting: [Fitting]
  /// The names of pictures with equal pixels.
  public var duplicates: [[String]]
  /// Those of them that lie in more than one part: what is measured on one part was seen in the other.
  public var leaks: [[String]]
  /// Those that are in more than one class.
  public var contradictions: [[String]]
  public var problems: [DatasetError]
  /// Files that were read although the decoder found them odd, each with what it said.
  public var warnings: [Warning]
  public var notes: [String]

  public struct Warning: Codable, Equatable, Sendable {
    public var name, warning: String
  }

  /// - Parameter targets: The sizes for which `fitting` is asked.
  public init(_ survey: DatasetSurvey, targets: [Int]) {
    let pictures = survey.pictures
    name = survey.name
    images = pictures.count
    parts = pictures.map(\.part).distinct.map { part in
      let members = pictures.filter { $0.part == part }
      return Part(name: part, images: members.count, classes: Self.counts(members.compactMap(\.label)))
    }
    sizes = Self.sizes(pictures)
    channels = Channels(
      grey: pictures.count { $0.isGrey }, colourless: pictures.count { !$0.isGrey && $0.pixels.isColourless },
      alpha: pictures.count { $0.hasAlpha }, transparent: pictures.count { $0.pixels.isTransparent })
    formats = Self.counts(pictures.map(\.format))
    depths = Self.counts(pictures.map { String($0.depth) })
    turned = pictures.count { $0.isTurned }
    var (sum, squares): (SIMD3<Double>, SIMD3<Double>) = (.zero, .zero)
    for picture in pictures {
      sum += picture.pixels.means
      squares += picture.pixels.squares
    }
    let count = Double(max(1, pictures.count))
    let variance = squares / count - (sum / count) * (sum / count)
    means = (0..<3).map { sum[$0] / count }
    deviations = (0..<3).map { max(0, variance[$0]).squareRoot() }
    fitting = targets.map { size in
      Fitting(size: size, images: pictures.count { min($0.width, $0.height) >= size })
    }
    func names(_ group: [Int]) -> [String] { group.map { pictures[$0].name } }
    duplicates = survey.duplicates.map(names)
    leaks = survey.duplicates.filter { Set($0.map { pictures[$0].part }).count > 1 }.map(names)
    contradictions = survey.duplicates.filter { Set($0.map { pictures[$0].label }).count > 1 }.map(names)
    problems = survey.problems
    warnings = pictures.compactMap { picture in picture.warning.map { Warning(name: picture.name, warning: $0) } }
    notes = survey.notes
  }

  /// How often each name occurs, by name.
  private static func counts(_ names: [String]) -> [Count] {
    Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +).map { Count(name: $0, images: $1) }
      .sorted { $0.name < $1.name }
  }

  private static func sizes(_ pictures: [DatasetSurvey.Picture]) -> Sizes? {
    struct Key: Hashable { var width, height: Int }
    let counts = Dictionary(
      pictures.map { (Key(width: $0.width, height: $0.height), 1) }, uniquingKeysWith: +)
    let all = counts.map { Size(width: $0.width, height: $0.height, images: $1) }
      .sorted { ($0.width * $0.height, $0.width) < ($1.width * $1.height, $1.width) }
    guard let smallest = all.first, let largest = all.last else { return nil }
    var below = 0
    let median = all.first { size in
      below += size.images
      return 2 * below >= pictures.count
    }
    // The sort is stable: among equally frequent sizes, the smaller comes first.
    let commonest = all.sorted { $0.images > $1.images }.prefix(5)
    return Sizes(
      smallest: smallest, median: median ?? smallest, largest: largest, commonest: Array(commonest), distinct: all.count
    )
  }
}

extension Sequence where Element: Hashable {
  /// Each element once, where it comes first.
  var distinct: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
