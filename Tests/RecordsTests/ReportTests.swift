import Testing

@testable import Records

private func point(_ step: Double, _ value: Double?) -> ReportCurve.Point { .init(step: step, value: value) }

@Suite struct ReportCurveTests {
  /// A hundred thousand points become about a thousand; spikes, gaps and both ends stay.
  @Test func thinningKeepsExtremes() {
    var points = (0..<100_000).map { point(Double($0), Double($0 % 7)) }
    points[31_415] = point(31_415, 900)
    points[27_182] = point(27_182, -900)
    points[14_142] = point(14_142, nil)
    let thinned = ReportCurve.thinned(points)
    #expect((900...1100).contains(thinned.count))
    for place in [0, 31_415, 27_182, 14_142, 99_999] {
      let isKept = thinned.contains(points[place])
      #expect(isKept, "\(place)")
    }
    #expect(zip(thinned, thinned.dropFirst()).allSatisfy { $0.step < $1.step })
    #expect(ReportCurve.thinned(thinned.dropLast(thinned.count - 1000)) == thinned.dropLast(thinned.count - 1000))
  }

  /// The mean of seeds, where all have a step; its band; a gap where one has none.
  @Test func seedsAreMeanAndBand() {
    let runs = [
      [point(10, 1), point(20, 2), point(30, 3), point(40, 4)], [point(10, 3), point(20, nil), point(30, 9)],
      [point(10, 8), point(20, 5), point(30, 3), point(40, 1)],
    ]
    let mean = ReportCurve.mean(of: runs)
    #expect(mean.map(\.step) == [10, 20, 30])
    #expect(mean.map(\.value) == [4, nil, 5])
    #expect(mean.map(\.band) == [1...8, nil, 3...9])
    #expect(ReportCurve.mean(of: [runs[0]]) == runs[0])
  }
}

/// A run with settings that decide and settings that do not.
private func run(_ name: String, seed: Int = 0, rate: String = "2e-4", logEvery: Int = 10) -> Report.Run {
  var run = Report.Run(name: name, state: .finished)
  (run.step, run.steps, run.batch) = (200, 200, 64)
  run.settings = [
    ("training.seed", "\(seed)", "0"), ("optimizer.discriminator-lr", rate, "2e-4"),
    ("output.log-every", "\(logEvery)", "10"),
  ].map { Report.Setting(key: $0, value: $1, standard: $2, preset: nil, meaning: "of \($0)") }
  run.rows = [100, 200].map {
    ["step": $0, "epoch": 1, "discriminator_loss": 0.5 + Double(seed), "images_per_second": 640]
  }
  return run
}

private func evaluation(_ step: Int, _ reference: String, _ values: (String, Double)...) -> Report.Evaluation {
  Report.Evaluation(
    step: step, method: [("reference", reference), ("resizer", "none")], values: values.map { ($0, $1, nil, true) })
}

@Suite struct ReportTests {
  @Test func runsAreGroupedByWhatDecides() {
    let runs = [run("a-seed-1", seed: 1), run("b", rate: "1e-4"), run("a-seed-2", seed: 2, logEvery: 5)]
    let groups = ReportGroup.groups(of: runs)
    #expect(groups.map(\.name) == ["a, 2 seeds", "b"])
    #expect(groups.map { $0.runs.map(\.name) } == [["a-seed-1", "a-seed-2"], ["b"]])
    let differences = ReportGroup.differences(groups)
    #expect(differences.map(\.setting.key) == ["optimizer.discriminator-lr"])
    #expect(differences[0].values == ["2e-4", "1e-4"])
  }

  /// 100 steps of 64 images at 640 images a second take ten seconds.
  @Test func timeIsTheSumOfReadings() {
    #expect(run("a").seconds == 20)
    #expect(run("a").imagesPerSecond == 640)
  }

  /// Whatever the names of a run hold, nothing in the page is taken for markup, nor loaded from elsewhere.
  @Test func thePageStandsAlone() throws {
    var strange = run("<b>&\"run\"")
    strange.warnings = ["</script><script>alert(1)</script>"]
    strange.rows[0]["</script>"] = 1
    let page = Report(title: strange.name, runs: [strange], written: 1000).html()
    #expect(page.contains("&lt;b&gt;&amp;&quot;run&quot;"))
    #expect(page.contains("&lt;/script&gt;&lt;script&gt;alert(1)"))
    #expect(page.components(separatedBy: "</script>").count == 3, "the data and the program, and no more")
    for word in ["https://", "src=\"/", "@import", "url("] { #expect(!page.contains(word), "\(word)") }
    // The namespace of SVG is a name, not an address.
    let addresses = page.replacing("http://www.w3.org/2000/svg", with: "")
    #expect(!addresses.contains("http://"))
  }

  /// Numbers of one name under two protocols stand in two tables and two charts.
  @Test func protocolsAreKeptApart() throws {
    var first = run("a")
    first.evaluations = [
      evaluation(100, "train", ("FD", 31)), evaluation(200, "train", ("FD", 17), ("KD", 0.5)),
      evaluation(100, "held-out", ("FD", 55)), evaluation(200, "held-out", ("FD", 44)),
    ]
    var second = run("b", rate: "1e-4")
    second.evaluations = [evaluation(200, "held-out", ("FD", 23))]
    second.evaluations[0].baseline = [("FD", 3, nil, true)]
    second.evaluations[0].defects = ["blur: finer than it <should> be"]
    let page = Report(title: "both", runs: [first, second], written: 1000).html()
    let cards = page.components(separatedBy: "Latest numbers").dropFirst().map {
      $0.components(separatedBy: "</table>")[0]
    }
    try #require(cards.count == 2)
    #expect(cards[0].contains(">17<") && cards[0].contains(">0.5<") && !cards[0].contains(">44<"))
    #expect(cards[1].contains(">44<") && cards[1].contains(">23<") && !cards[1].contains(">17<"))
    #expect(cards[1].contains("held-out images") && cards[1].contains(">3<") && !cards[0].contains(">3<"))
    #expect(page.contains("<li>b: blur: finer than it &lt;should&gt; be</li>") && page.contains("FD ↓"))
    let charts = page.components(separatedBy: "{\"title\":\"FD\"").dropFirst()
    #expect(charts.count == 2)
    #expect(page.contains("\"x\":[100,200],\"y\":[31,17]") && page.contains("\"x\":[100,200],\"y\":[55,44]"))
  }

  /// At most 24 pictures of at most 6 MiB in all, the first and the last among them.
  @Test(arguments: [(10, 1000, 10), (100, 1000, 24), (100, 1 << 20, 6), (3, 8 << 20, 2)])
  func picturesAreThinned(count: Int, size: Int, expected: Int) {
    let pictures = (0..<count).map { Report.Picture(step: $0, png: [UInt8](repeating: 0, count: size)) }
    let thinned = Report.thinned(pictures)
    #expect(thinned.count == expected)
    #expect(thinned.first?.step == 0 && thinned.last?.step == count - 1)
  }

  @Test(
    arguments: [
      ([], 3, []), ([1], 3, [1]), ([1, 2, 3], 3, [1, 2, 3]), ([1, 2, 3, 4, 5], 3, [1, 3, 5]), ([1, 2], 1, [1]),
      ([1, 2, 3, 4], 3, [1, 2, 4]),
    ] as [([Int], Int, [Int])])
  func listsAreSpread(all: [Int], count: Int, spread: [Int]) {
    #expect(Report.spread(all, over: count) == spread)
  }

  /// Every column that a run measures belongs to one chart; tags are charts and columns.
  @Test(arguments: [
    ("discriminator_loss", "losses/discriminator_loss"), ("images_per_second", "speed/images_per_second"),
    ("k", "other/k"),
  ])
  func tags(column: String, tag: String) {
    #expect(ReportChart.tag(of: column) == tag)
    let columns = ReportChart.all.flatMap { $0.columns.map(\.column) }
    #expect(Set(columns).count == columns.count)
  }
}

@Suite struct GridReadingTests {
  /// What was written is read: every image of a grid, whatever its scale.
  @Test(arguments: [(1, 3, 2 as Int?), (3, 1, nil), (1, 1, 5)])
  func gridsAreReadBack(channels: Int, scale: Int, columns: Int?) throws {
    let folder = try TemporaryFolder()
    let pixels = (0..<5 * 4 * 6 * channels).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    let grid = SampleGrid(pixels: pixels, count: 5, height: 4, width: 6, channels: channels, columns: columns)
    let path = "\(folder.path)/grid.png"
    try grid.writePNG(to: path, scale: scale)
    let read = try SampleGrid(
      readingFrom: path, count: 5, height: 4, width: 6, channels: channels, columns: columns, scale: scale)
    let isSame = read.pixels == pixels
    #expect(isSame)
    #expect(
      message {
        _ = try SampleGrid(
          readingFrom: path, count: 5, height: 4, width: 6, channels: channels, columns: columns, scale: scale + 1)
      }.contains("output.scale"))
  }
}
