import Foundation
import Testing

@testable import Records

/// A line, and whether it is read without JSONDecoder. Where it is, both read the same.
@Test(arguments: [
  (#"{"step":1,"epoch":0.5,"loss":-1.25e-7,"slope":null}"#, true),
  (#"{"step":0,"a":1e+300,"b":-0.0,"c":12345678}"#, true),
  (#"{"a":1}"#, true), (#"{"a:b":1}"#, true), (#"{"a":-0}"#, true),
  (#"{}"#, false), (#"{"a": 1}"#, false), (#"{"a\n":1}"#, false), (#"{"é":1}"#, false), (#"{"a,b":1}"#, false),
  (#"{"a":01}"#, false), (#"{"a":+1}"#, false), (#"{"a":.5}"#, false), (#"{"a":1.}"#, false), (#"{"a":1.e5}"#, false),
  (#"{"a":1e}"#, false), (#"{"a":--1}"#, false), (#"{"a":1e999}"#, false), (#"{"a":nan}"#, false),
  (#"{"a":"1"}"#, false),
  (#"{"a":1,}"#, false), (#"{"a":1"#, false), (#"{"a":[1]}"#, false), (#"{"a":{"b":1}}"#, false), (#"{"":1}"#, false),
])
func flatObjectsAreWhatTheDecoderReads(line: String, isFlat: Bool) {
  let row = FlatObject.row(ArraySlice(line.utf8))
  #expect((row != nil) == isFlat, "\(line): \(row ?? [:])")
  if let row {
    #expect(row == (try? JSONDecoder().decode([String: Double?].self, from: Data(line.utf8))), "\(line)")
  }
}

/// Every number that a stream writes.
@Test func numbersOfAStreamAreFlat() {
  var state: UInt64 = 1
  for _ in 0..<10_000 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    for number in [Double(bitPattern: state), Double(Float(bitPattern: UInt32(state >> 32)))] {
      let row = FlatObject.row(ArraySlice("{\"x\":\(number.json)}".utf8))
      #expect(row == ["x": number.isFinite ? number : nil], "\(number)")
    }
  }
}
