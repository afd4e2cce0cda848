import Foundation
import FoundationXML
import Testing

@testable import Records

/// What an SVG holds: its elements with their attributes, and its texts.
private final class Drawing: NSObject, XMLParserDelegate {
  private(set) var elements: [(name: String, attributes: [String: String])] = []
  private(set) var texts: [String] = []

  init(_ svg: String) throws {
    super.init()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = self
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
  }

  func parser(
    _: XMLParser, didStartElement name: String, namespaceURI _: String?, qualifiedName _: String?,
    attributes: [String: String]
  ) {
    elements.append((name, attributes))
    if name == "text" { texts.append("") }
  }
  func parser(_: XMLParser, foundCharacters text: String) {
    if elements.last?.name == "text", text != "\n" { texts[texts.count - 1] += text }
  }

  /// The size of the area between the axes, and the elements in it.
  var area: (width: Double, height: Double, elements: [(name: String, attributes: [String: String])])? {
    guard let start = elements.lastIndex(where: { $0.name == "svg" }), start > 0,
      let width = Double(elements[start].attributes["width"] ?? ""),
      let height = Double(elements[start].attributes["height"] ?? "")
    else { return nil }
    return (width, height, Array(elements[(start + 1)...]))
  }
}

/// Marks, and where their points should be, as shares of the area's width and height from its lower left corner; a
/// line that is lifted has nil between its parts.
private struct Placement: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let x: Plot.Axis
  let y: Plot.Axis
  let points: [Plot.Point]
  let places: [Plot.Point?]
}

@Test(arguments: [
  Placement(
    testDescription: "linear", x: .linear("x", 0...10), y: .linear("y", -1...1), points: [(0, -1), (5, 0), (10, 1)],
    places: [(0, 0), (0.5, 0.5), (1, 1)]),
  Placement(
    testDescription: "logarithmic", x: .logarithmic("x", 1...100), y: .logarithmic("y", 0.001...1000),
    points: [(1, 0.001), (10, 1), (100, 1000)], places: [(0, 0), (0.5, 0.5), (1, 1)]),
  Placement(
    testDescription: "not finite", x: .linear("x", 0...4), y: .linear("y", 0...4),
    points: [(0, 0), (1, 1), (2, .nan), (3, .infinity), (3, 3), (4, 4)],
    places: [(0, 0), (0.25, 0.25), nil, (0.75, 0.75), (1, 1)]),
  Placement(
    testDescription: "not positive", x: .linear("x", 0...4), y: .logarithmic("y", 1...10000),
    points: [(0, 1), (1, 10), (2, 0), (3, -1), (4, 10000)], places: [(0, 0), (0.25, 0.25), nil, (1, 1)]),
  // With no range given, the values and 4% on both sides.
  Placement(
    testDescription: "own range", x: "x", y: "y", points: [(2, 10), (4, 20)],
    places: [(0.04 / 1.08, 0.04 / 1.08), (1.04 / 1.08, 1.04 / 1.08)]),
])
private func pointsAreWhereArithmeticSays(_ placement: Placement) throws {
  let plot = Plot("A plot", x: placement.x, y: placement.y, [.line("line", placement.points)])
  let area = try #require(try Drawing(plot.svg()).area)
  let path = try #require(area.elements.first { $0.name == "path" }?.attributes["d"])
  // "M1 2L3 4M5 6" as places, with nil before each M but the first.
  var found: [Plot.Point?] = []
  for part in path.replacingOccurrences(of: "M", with: "|M").replacingOccurrences(of: "L", with: "|L").split(
    separator: "|")
  {
    let numbers = part.dropFirst().split(separator: " ").compactMap { Double($0) }
    if part.first == "M" && !found.isEmpty { found.append(nil) }
    found.append((numbers[0] / area.width, 1 - numbers[1] / area.height))
  }
  #expect(found.count == placement.places.count)
  for (found, expected) in zip(found, placement.places) {
    #expect((found == nil) == (expected == nil))
    guard let found, let expected else { continue }
    // A hundredth of a pixel is what the file keeps.
    #expect(abs(found.x - expected.x) < 1e-4 && abs(found.y - expected.y) < 1e-4, "\(found) is not \(expected)")
  }
}

/// A scale, about how many ticks it should have, and their texts.
private struct Ticks: Sendable, CustomTestStringConvertible {
  let scale: AxisScale
  let count: Int
  let texts: [String]
  var testDescription: String { "\(scale.low) to \(scale.high)" }
}

@Test(arguments: [
  Ticks(scale: AxisScale(0, 10), count: 5, texts: ["0", "2", "4", "6", "8", "10"]),
  Ticks(scale: AxisScale(0, 8), count: 5, texts: ["0", "2", "4", "6", "8"]),
  Ticks(scale: AxisScale(0, 1), count: 5, texts: ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
  Ticks(scale: AxisScale(-4.9, 4.9), count: 4, texts: ["−4", "−2", "0", "2", "4"]),
  Ticks(scale: AxisScale(0.001, 0.0041), count: 3, texts: ["0.001", "0.002", "0.003", "0.004"]),
  Ticks(scale: AxisScale(95, 430), count: 3, texts: ["100", "200", "300", "400"]),
  Ticks(scale: AxisScale(0, 4e6), count: 4, texts: ["0", "10⁶", "2·10⁶", "3·10⁶", "4·10⁶"]),
  Ticks(scale: AxisScale(0, 2.2e-5), count: 2, texts: ["0", "10⁻⁵", "2·10⁻⁵"]),
  Ticks(
    scale: AxisScale(1, 1000, isLogarithmic: true), count: 5, texts: ["1", "10", "100", "1000"]),
  Ticks(scale: AxisScale(0.4, 21, isLogarithmic: true), count: 5, texts: ["0.5", "1", "2", "5", "10", "20"]),
  Ticks(scale: AxisScale(1e-12, 1, isLogarithmic: true), count: 4, texts: ["10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "1"]),
])
private func ticksAreRound(_ ticks: Ticks) {
  #expect(ticks.scale.ticks(about: ticks.count).map(\.text) == ticks.texts)
}

@Test func contoursFollowACircle() {
  let grid = ContourGrid(x: -2...2, y: -2...2, count: 201) { $0 * $0 + $1 * $1 }
  let points = grid.segments(at: 1)
  var length = 0.0
  for i in stride(from: 0, to: points.count, by: 2) {
    let (a, b) = (points[i], points[i + 1])
    length += ((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)).squareRoot()
    // Between two points of the grid the square root is missed by an eighth of its curvature times the step squared.
    #expect(abs((a.x * a.x + a.y * a.y).squareRoot() - 1) < 1e-4)
  }
  #expect(abs(length - 2 * Double.pi) < 2e-3)
  #expect(grid.segments(at: 9).isEmpty)
}

@Test(arguments: [(0.1, 2.0), (-0.1, -2.0)])
func contoursOfASaddleDoNotCross(level: Double, sign: Double) {
  // One square: xy is 1 at two opposite corners and -1 at the others; the level's sign says which two are cut off.
  let points = ContourGrid(x: -1...1, y: -1...1, count: 2) { $0 * $1 }.segments(at: level)
  #expect(points.count == 4)
  for i in stride(from: 0, to: points.count, by: 2) {
    // Both ends are next to the same corner, in whose quadrant xy has the level's sign.
    let middle = ((points[i].x + points[i + 1].x) / 2, (points[i].y + points[i + 1].y) / 2)
    #expect(middle.0 * middle.1 * sign > 0)
  }
}

@Test func aPlotHasItsTitleItsNamesAndItsMarks() throws {
  let plot = Plot(
    "Losses & <norms>", x: "step", y: .logarithmic("loss"),
    [
      .band("GAN", [(0, 1, 2), (1, 2, 4)]), .line("GAN", [1.5, 3]), .dots("WGAN", [(0, 1), (1, .nan), (1, 2)]),
      .horizontal("expected", at: 2), .vertical(nil, at: 0.5),
    ])
  let drawing = try Drawing(plot.svg())
  for text in ["Losses & <norms>", "step", "loss", "GAN", "WGAN", "expected"] {
    #expect(drawing.texts.filter { $0 == text }.count == 1, "\(text) in \(drawing.texts)")
  }
  let area = try #require(drawing.area)
  #expect(area.elements.filter { $0.name == "circle" }.count == 2)
  let paths = area.elements.filter { $0.name == "path" }
  #expect(paths.count == 4)
  #expect(paths[0].attributes["d"]?.hasSuffix("Z") == true)
  // Marks of one name share a colour; what has no name is grey.
  #expect(paths[0].attributes["fill"] == paths[1].attributes["stroke"])
  #expect(paths[3].attributes["stroke"] == "#767676")
}

@Test func aPlotOfNothingIsStillAPlot() throws {
  for marks in [[], [Plot.Mark.line("nothing", [.nan])], [.dots(nil, [])]] {
    let drawing = try Drawing(Plot("Nothing", x: "x", y: .logarithmic("y"), marks).svg())
    #expect(drawing.texts.contains("Nothing"))
  }
}

/// A page of figures with thousands of samples stays below a megabyte.
@Test func aCrowdOfDotsIsSmallAndComplete() throws {
  let count = 1010
  let points = (0..<count).map { (x: Double($0), y: Double($0 * 7 % count)) }
  let svg = Plot("Crowd", x: "x", y: "y", [.dots("samples", points + [(.nan, 0)])]).svg()
  let paths = try #require(try Drawing(svg).area).elements.compactMap { $0.attributes["d"] }
  #expect(paths.map { $0.components(separatedBy: "h0").count - 1 }.reduce(0, +) == count)
  #expect(svg.utf8.count < 20 * count + 5000)
}

@Test func unitsOfAnIsometricPlotAreEquallyLong() throws {
  let plot = Plot("Circle", x: "x", y: "y", isometric: true, [.dots(nil, [(-1, 0), (1, 0), (0, -1), (0, 1)])])
  let dots = try #require(try Drawing(plot.svg()).area).elements.filter { $0.name == "circle" }
    .map { (Double($0.attributes["cx"] ?? "") ?? .nan, Double($0.attributes["cy"] ?? "") ?? .nan) }
  #expect(abs((dots[1].0 - dots[0].0) - (dots[2].1 - dots[3].1)) < 0.05)
}

@Test func aGridPutsItsPlotsSideBySide() throws {
  let plot = Plot("One", x: "x", y: "y", [.line(nil, [1, 2])])
  let drawing = try Drawing(PlotGrid([plot, plot, plot], columns: 2).svg(width: 300, height: 200))
  #expect(drawing.elements[0].attributes["width"] == "600")
  #expect(drawing.elements[0].attributes["height"] == "400")
  let places = drawing.elements.compactMap { $0.name == "g" ? $0.attributes["transform"] : nil }
  #expect(places == ["translate(0,0)", "translate(300,0)", "translate(0,200)"])
}
