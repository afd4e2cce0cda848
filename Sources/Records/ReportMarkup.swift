import Foundation

/// The little of HTML that a report is written with.
enum Markup {
  /// A text as it is read, whatever characters it has.
  static func text(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
  }

  /// JSON inside a script: no tag can end it.
  static func script(_ json: String) -> String { json.replacing("<", with: "\\u003c") }

  /// A picture with its bytes in it.
  static func image(_ picture: Report.Picture, of description: String, hidden: Bool = false) -> String {
    let header = try? PNGHeader(picture.png, of: description)
    let size = header.map { " width=\"\($0.width)\" height=\"\($0.height)\"" } ?? ""
    return "<img data-step=\"\(picture.step)\"\(size)\(hidden ? " hidden" : "") alt=\"\(text(description)) after step "
      + "\(picture.step)\" src=\"data:image/png;base64,\(Data(picture.png).base64EncodedString())\">\n"
  }

  /// A table; cells are HTML. Columns named in `numbers` stand to the right.
  static func table(_ head: [String], numbers: Set<Int> = [], meaning: Int? = nil, _ rows: [[String]]) -> String {
    let kind = { (column: Int) in
      numbers.contains(column) ? " class=\"number\"" : column == meaning ? " class=\"meaning\"" : ""
    }
    let heads = head.enumerated().map { "<th\(kind($0))>\($1)</th>" }.joined()
    let body = rows.map { row in "<tr>" + row.enumerated().map { "<td\(kind($0))>\($1)</td>" }.joined() + "</tr>" }
    return
      "<div class=\"scroll\"><table><thead><tr>\(heads)</tr></thead>\n<tbody>\(body.joined(separator: "\n"))</tbody>"
      + "</table></div>\n"
  }

  /// A whole number with its thousands apart.
  static func count(_ value: Int) -> String {
    var digits = Array(String(value.magnitude))
    for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
    return (value < 0 ? "−" : "") + String(digits)
  }

  /// A number in the fewest digits that matter.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    // Beyond, whole numbers are not exact, and longer than a table is wide.
    if value.magnitude >= 1000, value.magnitude < 1e15 { return count(Int(nearest: value)) }
    return String(format: "%.4g", value).replacing("-", with: "−")
  }

  /// The same for JSON: five digits are more than a chart shows.
  static func json(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "null" }
    return value == value.rounded() && value.magnitude < 1e15
      ? String(Int(nearest: value)) : String(format: "%.5g", value)
  }
}
