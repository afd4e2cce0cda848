import Foundation
import Testing

@testable import Records

// Numbers of any size are shown: none of them ends a program.

private let strange: [Double] = [
  0, -0.0, .nan, .infinity, -.infinity, 1e300, -1e300, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0x1p63,
  -0x1p63, 0x1p63 - 1024, 9.3e18, 1e15, 1e-300, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 1,
]

@Test(
  arguments: [
    (0, 0), (-0.0, 0), (.nan, 0), (.infinity, .max), (-.infinity, .min), (1e300, .max), (-1e300, .min), (0x1p63, .max),
    (-0x1p63, .min), (0x1p63 - 1024, 9_223_372_036_854_774_784), (2.5, 3), (-2.5, -3), (0.4999, 0),
    (1e15, 1_000_000_000_000_000),
  ] as [(Double, Int)])
func theNearestWholeNumber(value: Double, whole: Int) {
  #expect(Int(nearest: value) == whole)
}

@Test(
  arguments: [
    (.nan, "–"), (-.infinity, "–"), (-0.0, "−0"), (999.5, "999.5"), (1000, "1,000"), (-1234.6, "−1,235"),
    (123_456_789, "123,456,789"), (1e15, "1e+15"), (8.9e199, "8.9e+199"), (-0x1p63, "−9.223e+18"),
  ] as [(Double, String)])
func pagesShowAnyNumber(value: Double, text: String) {
  #expect(Markup.number(value) == text)
}

@Test(arguments: strange)
func nothingThatShowsANumberEnds(value: Double) {
  #expect(!Markup.number(value).isEmpty && !Markup.json(value).isEmpty)
  #expect(!ProgressLine.duration(value).isEmpty)
  for places in 0...4 { #expect(!ProgressLine.fixed(value, places: places).isEmpty) }
  let state = ProgressState(
    step: .max, steps: 1, epoch: value, losses: [("discriminator", Float(value))], imagesPerSecond: value,
    secondsLeft: value)
  #expect(ProgressLine.text(for: state).contains("step 9223372036854775807/1"))
}

/// Axes over any two values have finite ticks in order, and places for what can be shown.
@Test(arguments: strange, [Plot.Axis.linear("y"), .logarithmic("y")])
func axesShowAnyNumbers(value: Double, axis: Plot.Axis) {
  for other in strange {
    let scale = AxisScale(axis, showing: [value, other])
    #expect(scale.low.isFinite && scale.high.isFinite && scale.low < scale.high, "\(value), \(other)")
    let ticks = scale.ticks(about: 5).map(\.value)
    #expect(ticks.count < 200 && ticks.allSatisfy(\.isFinite) && ticks == ticks.sorted(), "\(value), \(other)")
    #expect(scale.place(value).map { !$0.isNaN } ?? true)
    let plot = Plot("", x: axis, y: axis, isometric: true, [.line(nil, [(value, other), (other, value), (1, 2)])])
    #expect(!plot.svg().contains("nan"))
  }
}

// MARK: What may be in a text

@Test(arguments: [
  ("plain", "plain"), ("été 100%", "été 100%"), ("two\nlines\tand tabs", "two\nlines\tand tabs"),
  ("\u{1B}[31mred\u{7}", "\\u001b[31mred\\u0007"), ("\r\u{8}", "\\u000d\\u0008"),
  ("\u{9B}2J\u{7F}", "\\u009b2J\\u007f"),
  ("gpj.\u{202E}exe", "gpj.\\u202eexe"),
])
func whatReachesATerminalIsHarmless(text: String, shown: String) {
  #expect(Console.harmless(text) == shown)
}

/// Bash reads the word as what it was made of.
@Test(arguments: [
  "runs/fashion", "my run", "it's", "$HOME `x` \"y\"", "", "~", "a\nb", "\u{1B}[31mred", "été #1", "*", "a\\b",
  "'\u{7}'\\",
  "é\u{1B}", "-x", "a;b&c|d",
])
func shellsReadWhatWasQuoted(text: String) throws {
  let process = Process()
  let pipe = Pipe()
  process.executableURL = URL(fileURLWithPath: "/bin/bash")
  process.arguments = ["-c", "printf '%s' \(text.shellWord)"]
  process.standardOutput = pipe
  try process.run()
  let read = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  #expect(String(decoding: read, as: UTF8.self) == text, "\(text.shellWord)")
  #expect(Console.harmless(text.shellWord) == text.shellWord, "a command that is printed is printed as it is")
}
@Test func plainWordsStayAsTheyAre() { #expect("runs/été_1,2".shellWord == "runs/été_1,2") }

/// A picture that nobody could hold is refused before it is made.
@Test func hugePicturesAreRefused() throws {
  let folder = try TemporaryFolder()
  let grid = SampleGrid(pixels: [UInt8](repeating: 0, count: 4096 * 64), count: 4096, height: 8, width: 8, channels: 1)
  let error = #expect(throws: RecordError.self) { try grid.writePNG(to: folder.path + "/x.png", scale: 64) }
  #expect(error?.description.contains("4096 images of 8 pixels, enlarged 64 times, takes more than 1 GiB") == true)
  #expect(throws: RecordError.self) { try grid.svg(scale: 64) }
}
