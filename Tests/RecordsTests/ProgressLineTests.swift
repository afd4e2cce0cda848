import Synchronization
import Testing

@testable import Records

@Suite struct ProgressLineTests {
  static let state = ProgressState(
    step: 1200, steps: 2000, epoch: 1.279, losses: [("discriminator", 0.69314), ("generator", -1.5)],
    imagesPerSecond: 1479.6, secondsLeft: 65)

  @Test(arguments: [
    (200, "step 1200/2000  60%  epoch 1.28  discriminator 0.6931  generator -1.5000  1480 images/s  1m 05s left"),
    (100, "step 1200/2000  60%  epoch 1.28  discriminator 0.6931  generator -1.5000  1480 images/s  1m 05s left"),
    (99, "step 1200/2000  60%  discriminator 0.6931  generator -1.5000  1480 images/s  1m 05s left"),
    (88, "step 1200/2000  60%  discriminator 0.6931  generator -1.5000  1480 images/s  1m 05s left"),
    (87, "step 1200/2000  60%  discriminator 0.6931  generator -1.5000  1m 05s left"),
    (73, "step 1200/2000  60%  discriminator 0.6931  generator -1.5000  1m 05s left"),
    (72, "step 1200/2000  60%  1m 05s left"),
    (40, "step 1200/2000  60%  1m 05s left"),
    (31, "step 1200/2000  1m 05s left"),
    (26, "step 1200/2000"),
    (8, "step 120"),
    (0, ""),
    (-1, ""),
  ])
  func whatMattersLeastGoesFirst(width: Int, text: String) {
    #expect(ProgressLine.text(for: Self.state, width: width) == text)
  }

  @Test(arguments: [
    (ProgressState(step: 0, steps: 0, epoch: 0), "step 0/0  100%  epoch 0.00"),
    (
      ProgressState(step: 29, steps: 100, epoch: 0, losses: [("discriminator", .nan)]),
      "step 29/100  29%  epoch 0.00  discriminator nan"
    ),
    (ProgressState(step: 1999, steps: 2000, epoch: 9.999), "step 1999/2000  99%  epoch 10.00"),
    (ProgressState(step: 1, steps: 4, epoch: 0, imagesPerSecond: 0.26), "step 1/4  25%  epoch 0.00  0.3 images/s"),
  ])
  func states(state: ProgressState, text: String) {
    #expect(ProgressLine.text(for: state) == text)
  }

  @Test(
    arguments: [
      (-1, "0s"), (0, "0s"), (45.4, "45s"), (59.6, "1m 00s"), (123, "2m 03s"), (3599, "59m 59s"), (3909, "1:05:09"),
      (360_000, "100:00:00"), (.infinity, "833333:20:00"), (.nan, "833333:20:00"),
    ] as [(Double, String)])
  func durations(seconds: Double, text: String) {
    #expect(ProgressLine.duration(seconds) == text)
  }

  @Test(arguments: [
    (-0.00001, 2, "0.00"), (-1.005, 1, "-1.0"), (2.5, 0, "3"), (1e300, 2, "1e+300"), (0.05, 4, "0.0500"),
  ])
  func decimals(value: Double, places: Int, text: String) {
    #expect(ProgressLine.fixed(value, places: places) == text)
  }

  /// A terminal of a given width, or a file, with a clock that a test turns.
  private final class Screen: Sendable {
    let text = Mutex("")
    let now = Mutex(0.0)

    func output(columns: Int?) -> ProgressOutput {
      ProgressOutput(
        write: { new in self.text.withLock { $0 += new } }, columns: { columns },
        seconds: { self.now.withLock { $0 } })
    }

    func taken() -> String {
      text.withLock { text in
        defer { text = "" }
        return text
      }
    }
  }

  /// Ten steps, two a second, of 8 images.
  private func run(columns: Int?) -> (updates: [String], end: String) {
    let screen = Screen()
    var line = ProgressLine(steps: 10, batch: 8, plainSeconds: 2, output: screen.output(columns: columns))
    var updates: [String] = []
    for step in 1...10 {
      screen.now.withLock { $0 += 0.5 }
      line.update(step: step, epoch: 0, losses: [])
      updates.append(screen.taken())
    }
    line.finish()
    return (updates, screen.taken())
  }

  @Test func aTerminalHasOneLine() {
    let (updates, end) = run(columns: 60)
    #expect(updates[0] == "\rstep 1/10  10%  epoch 0.00\u{1B}[K")
    #expect(updates[3] == "\rstep 4/10  40%  epoch 0.00  16 images/s  3s left\u{1B}[K")
    #expect(updates.allSatisfy { !$0.contains("\n") && !$0.isEmpty })
    #expect(end == "\n")
  }

  @Test func aFileHasALineNowAndThen() {
    let (updates, end) = run(columns: nil)
    #expect(updates[0] == "step 1/10  10%  epoch 0.00\n")
    #expect(updates[4] == "step 5/10  50%  epoch 0.00  16 images/s  3s left\n")
    #expect(updates.indices.filter { !updates[$0].isEmpty } == [0, 4, 8])
    #expect(end == "step 10/10  100%  epoch 0.00  16 images/s  0s left\n")
  }

  @Test func aFastLoopIsNotSlowedDown() {
    let screen = Screen()
    var line = ProgressLine(steps: 1000, batch: 1, output: screen.output(columns: 80))
    for step in 1...1000 { line.update(step: step, epoch: 0, losses: []) }
    #expect(screen.taken().count { $0 == "\r" } == 1)
    line.clear()
    #expect(screen.taken() == "\r\u{1B}[K")
    line.finish()
    #expect(screen.taken() == "\rstep 1000/1000  100%  epoch 0.00\u{1B}[K\n")
    line.finish()
    #expect(screen.taken().isEmpty)
  }

  /// A rate that changes is followed within a minute or two, and one hiccup hardly moves it.
  @Test func theRateIsSmooth() throws {
    var rate = RateEstimate()
    var now = 0.0
    for step in 0...1000 {
      rate.add(step: step, at: now)
      now += 0.1
    }
    #expect(abs(try #require(rate.stepsPerSecond) - 10) < 1e-9)
    now += 1
    rate.add(step: 1001, at: now)
    // The closed form: 30 s of weight, so about 9.7 steps a second after one second of standing still.
    #expect(abs(try #require(rate.stepsPerSecond) - 9.7) < 0.1)
    for step in 1002...1301 {
      now += 0.5
      rate.add(step: step, at: now)
    }
    #expect(abs(try #require(rate.stepsPerSecond) - 2) < 0.1)
  }
}
