import Testing

@testable import Records

@Suite struct MetricsStreamTests {
  @Test(
    arguments: [
      (0.1 as Float, "0.1"), (Float(2e-4), "0.0002"), (Double(Float(0.1)), "0.10000000149011612"), (1e-8, "1e-08"),
      (3, "3"), (1.0, "1.0"), (Double.nan, "null"), (Float.infinity, "null"), (-Double.infinity, "null"),
    ] as [(any RecordedNumber, String)])
  func numbers(value: any RecordedNumber, json: String) {
    #expect(value.json == json)
  }

  @Test func aLineIsThereAtOnce() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/metrics.jsonl"
    let stream = try MetricsStream(path: path, columns: ["discriminator loss", "images/s", "\"odd\""])
    try stream.append(step: 10, epoch: 0.25, [Float(0.6931472), 1480, Double.nan])
    #expect(
      try folder.text("metrics.jsonl")
        == #"{"step":10,"epoch":0.25,"discriminator loss":0.6931472,"images/s":1480,"\"odd\"":null}"# + "\n")
    let rows = try MetricsStream.rows(of: path)
    #expect(rows == [["step": 10, "epoch": 0.25, "discriminator loss": 0.6931472, "images/s": 1480, "\"odd\"": nil]])
    _ = try MetricsStream(path: path, columns: [])
    #expect(try folder.text("metrics.jsonl").isEmpty)
  }

  /// What is left of a file when a run continues from step 20.
  @Test(arguments: [
    (lines(10, 20, 30), lines(10, 20)),
    (lines(10, 20) + "{\"step\":30,\"ep", lines(10, 20)),
    (lines(10) + "{\"step\":20}", lines(10) + "{\"step\":20}\n"),
    ("{\"st", ""),
    ("", ""),
    (nil, ""),
  ])
  func resumingDropsWhatComesAfter(before: String?, after: String) throws {
    let folder = try TemporaryFolder()
    if let before { try folder.write(before, to: "metrics.jsonl") }
    let stream = try MetricsStream(path: "\(folder.path)/metrics.jsonl", columns: [], resumingAt: 20)
    #expect(try folder.text("metrics.jsonl") == after)
    try stream.append(step: 30, epoch: 1, [])
    #expect(try folder.text("metrics.jsonl") == after + "{\"step\":30,\"epoch\":1.0}\n")
    #expect(try folder.names() == ["metrics.jsonl"])
  }

  private static func lines(_ steps: Int...) -> String { steps.map { "{\"step\":\($0),\"loss\":0.1}\n" }.joined() }

  @Test(arguments: ["hello", "{\"epoch\":1}", "{\"step\":1.5}", "[1]", "", "{\"step\":null}"])
  func strangeLinesAreTold(line: String) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/metrics.jsonl"
    try folder.write("{\"step\":1}\n\(line)\n", to: "metrics.jsonl")
    #expect(message { _ = try MetricsStream(path: path, columns: [], resumingAt: 5) }.hasPrefix("\(path):2: this line"))
    #expect(try folder.text("metrics.jsonl").hasSuffix("\(line)\n"))
  }
}
