import Foundation

/// One JSON object of numbers, as metrics streams write it: `{"step":1,"loss":0.5,"slope":null}`. A long run has a
/// hundred thousand such lines, for which JSONDecoder takes seconds.
enum FlatObject {
  /// The numbers by name, nil for `null`; nil where the line is anything else, such as one with spaces or escapes.
  static func row(_ line: ArraySlice<UInt8>) -> [String: Double?]? {
    guard line.first == UInt8(ascii: "{"), line.last == UInt8(ascii: "}") else { return nil }
    var row: [String: Double?] = [:]
    for field in line.dropFirst().dropLast().split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard let colon = field.lastIndex(of: UInt8(ascii: ":")), let name = name(field[..<colon]) else { return nil }
      let value = field[(colon + 1)...]
      if value.elementsEqual("null".utf8) {
        row.updateValue(nil, forKey: name)
      } else if let number = number(value) {
        row.updateValue(number, forKey: name)
      } else {
        return nil
      }
    }
    return row
  }

  /// What stands between quotes, if nothing in it means anything else.
  private static func name(_ field: ArraySlice<UInt8>) -> String? {
    guard field.count > 2, field.first == UInt8(ascii: "\""), field.last == UInt8(ascii: "\"") else { return nil }
    let text = field.dropFirst().dropLast()
    let isPlain = text.allSatisfy { $0 >= 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    return isPlain ? String(decoding: text, as: UTF8.self) : nil
  }

  /// Digits, perhaps a sign, a point and an exponent: JSON begins with no point, no plus and no zero before a digit.
  private static func number(_ text: ArraySlice<UInt8>) -> Double? {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let magnitude = text.first == UInt8(ascii: "-") ? text.dropFirst() : text
    guard let first = magnitude.first, digits.contains(first), let last = text.last, digits.contains(last),
      first != UInt8(ascii: "0") || magnitude.count == 1 || !digits.contains(magnitude[magnitude.startIndex + 1]),
      text.allSatisfy({ digits.contains($0) || "+-.eE".utf8.contains($0) }), !hasBarePoint(text)
    else { return nil }
    return Double(String(decoding: text, as: UTF8.self)).flatMap { $0.isFinite ? $0 : nil }
  }

  /// A point before which, or behind which, no digit stands.
  private static func hasBarePoint(_ text: ArraySlice<UInt8>) -> Bool {
    guard let point = text.firstIndex(of: UInt8(ascii: ".")), point + 1 < text.endIndex else { return false }
    return !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[point + 1])
  }
}
