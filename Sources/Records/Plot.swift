/// A picture of numbers, drawn as SVG: axes, and marks over one another in the order in which they are listed.
///
/// Values that are not finite, and those that a logarithmic axis cannot show, are left out. Its greys and colours are
/// readable on white and on black pages, and its colours by people who see few of them (Tol 2021, "bright").
public struct Plot: Sendable {
  /// A point in the units of the axes.
  public typealias Point = (x: Double, y: Double)

  /// One of the two axes.
  public struct Axis: Sendable, ExpressibleByStringLiteral {
    public let label: String
    public let isLogarithmic: Bool
    /// The smallest and largest value shown; what the marks need where it is nil.
    public let range: ClosedRange<Double>?

    private init(_ label: String, _ isLogarithmic: Bool, _ range: ClosedRange<Double>?) {
      (self.label, self.isLogarithmic, self.range) = (label, isLogarithmic, range)
    }
    public init(stringLiteral label: String) { self.init(label, false, nil) }
    public static func linear(_ label: String, _ range: ClosedRange<Double>? = nil) -> Axis {
      Axis(label, false, range)
    }
    public static func logarithmic(_ label: String, _ range: ClosedRange<Double>? = nil) -> Axis {
      Axis(label, true, range)
    }
  }

  /// Something drawn between the axes. Marks of one name share a colour and a place in the legend; those without a
  /// name are grey and stay out of it.
  public struct Mark: Sendable {
    enum Kind: Sendable {
      case line(isDashed: Bool)
      case dots
      case band(upper: [Double])
      case segments
      /// A straight line across the whole plot.
      case horizontal, vertical
    }
    let name: String?
    let kind: Kind
    /// The mark's points; of a contour line, both ends of each piece one after the other.
    let points: [Point]
    /// Opaque at 1.
    var strength = 1.0
  }

  public let title: String
  public let x: Axis
  public let y: Axis
  public let marks: [Mark]
  /// Whether a unit is as long on both axes, so that circles are round.
  public let isIsometric: Bool

  public init(_ title: String, x: Axis, y: Axis, isometric: Bool = false, _ marks: [Mark]) {
    (self.title, self.x, self.y, self.marks, isIsometric) = (title, x, y, marks, isometric)
  }

  /// The names of the legend, in order.
  var names: [String] {
    marks.compactMap(\.name).reduce(into: []) { names, name in if !names.contains(name) { names.append(name) } }
  }
}

extension Plot.Mark {
  /// A line through the points, broken where one cannot be shown; thin and dashed for what is expected, not measured.
  public static func line(_ name: String?, _ points: [Plot.Point], dashed: Bool = false) -> Self {
    Self(name: name, kind: .line(isDashed: dashed), points: points)
  }

  /// The line of values that were taken at 0, 1, 2, ...
  public static func line(_ name: String?, _ values: [Double], dashed: Bool = false) -> Self {
    line(name, values.enumerated().map { (Double($0), $1) }, dashed: dashed)
  }

  /// The line of a function over a range, at `count` points that are evenly spaced.
  public static func function(
    _ name: String?, over range: ClosedRange<Double>, count: Int = 201, dashed: Bool = false, _ f: (Double) -> Double
  ) -> Self {
    let step = (range.upperBound - range.lowerBound) / Double(count - 1)
    return line(name, (0..<count).map { range.lowerBound + Double($0) * step }.map { ($0, f($0)) }, dashed: dashed)
  }

  /// A dot for each point.
  public static func dots(_ name: String?, _ points: [Plot.Point]) -> Self {
    Self(name: name, kind: .dots, points: points)
  }

  /// The area between two lines over the same places, such as mean minus and mean plus deviation.
  public static func band(_ name: String?, _ points: [(x: Double, low: Double, high: Double)]) -> Self {
    Self(name: name, kind: .band(upper: points.map(\.high)), points: points.map { ($0.x, $0.low) })
  }

  /// A dashed line across the plot at a height that is expected.
  public static func horizontal(_ name: String?, at y: Double) -> Self {
    Self(name: name, kind: .horizontal, points: [(0, y)])
  }

  /// A dashed line from bottom to top.
  public static func vertical(_ name: String?, at x: Double) -> Self {
    Self(name: name, kind: .vertical, points: [(x, 0)])
  }

  /// The lines on which a function of the plane has the given values, in one colour, stronger as the value is higher.
  ///
  /// - Parameter count: Points of the grid along each axis on which the function is known.
  public static func contours(
    _ name: String?, x: ClosedRange<Double>, y: ClosedRange<Double>, levels: [Double], count: Int = 101,
    _ f: (Double, Double) -> Double
  ) -> [Self] {
    let grid = ContourGrid(x: x, y: y, count: count, f)
    return levels.sorted().enumerated().map { i, level in
      Self(
        name: name, kind: .segments, points: grid.segments(at: level),
        strength: 0.35 + 0.65 * Double(i + 1) / Double(levels.count))
    }
  }
}
