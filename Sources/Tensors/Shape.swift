/// The sizes of a tensor's axes, outermost first.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  public let sizes: [Int]

  public init(_ sizes: [Int]) { self.sizes = sizes }
  public init(arrayLiteral sizes: Int...) { self.sizes = sizes }

  public var rank: Int { sizes.count }
  /// Elements in all; 1 for a scalar.
  public var count: Int { sizes.reduce(1, *) }
  public var description: String { "[" + sizes.map(String.init).joined(separator: ", ") + "]" }

  /// The size of an axis; negative ones count from the end.
  public subscript(axis: Int) -> Int { sizes[axis < 0 ? rank + axis : axis] }

  /// Row-major strides in elements.
  var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * sizes[axis + 1] }
    return strides
  }

  /// The shape that both broadcast to (axes aligned at the end, sizes equal or 1), or nil.
  static func broadcast(_ a: Shape, _ b: Shape) -> Shape? {
    let rank = max(a.rank, b.rank)
    var sizes: [Int] = []
    for axis in 0..<rank {
      let x = axis < rank - a.rank ? 1 : a.sizes[axis - (rank - a.rank)]
      let y = axis < rank - b.rank ? 1 : b.sizes[axis - (rank - b.rank)]
      guard x == y || x == 1 || y == 1 else { return nil }
      sizes.append(x == 1 ? y : x)
    }
    return Shape(sizes)
  }
}

/// Shapes that an op cannot take: the message names the op and every shape.
public struct ShapeError: Error, Sendable, CustomStringConvertible {
  public let op: String
  public let shapes: [Shape]
  public let rule: String

  public init(_ op: String, _ shapes: [Shape], _ rule: String) {
    (self.op, self.shapes, self.rule) = (op, shapes, rule)
  }

  public var description: String {
    "\(op): \(rule), not \(shapes.map(\.description).joined(separator: " and "))"
  }
}
