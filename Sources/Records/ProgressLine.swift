import Glibc

/// Where a run stands, as the progress line tells it.
public struct ProgressState: Sendable, Equatable {
  public var step: Int
  /// The step at which the run ends.
  public var steps: Int
  public var epoch: Double
  /// By name, in the order in which they are shown.
  public var losses: [(name: String, value: Float)]
  /// Nil as long as there is nothing to estimate from.
  public var imagesPerSecond: Double?
  public var secondsLeft: Double?

  public init(
    step: Int, steps: Int, epoch: Double, losses: [(name: String, value: Float)] = [],
    imagesPerSecond: Double? = nil, secondsLeft: Double? = nil
  ) {
    self.step = step
    self.steps = steps
    self.epoch = epoch
    self.losses = losses
    self.imagesPerSecond = imagesPerSecond
    self.secondsLeft = secondsLeft
  }

  public static func == (a: Self, b: Self) -> Bool {
    (a.step, a.steps, a.epoch, a.imagesPerSecond) == (b.step, b.steps, b.epoch, b.imagesPerSecond)
      && a.secondsLeft == b.secondsLeft && a.losses.elementsEqual(b.losses, by: ==)
  }
}

/// One line on a terminal that says how a run is doing, or a plain line now and then where the output is a file.
public struct ProgressLine: ~Copyable {
  /// The line for a state, in at most `width` columns; what matters least is left out first.
  public static func text(for state: ProgressState, width: Int = .max) -> String {
    let percent = state.steps > 0 ? 100 * Double(state.step) / Double(state.steps) : 100
    // With the order in which a narrow terminal drops them; 0 stays. How long it takes matters more than how it goes.
    var fields: [(text: String, drop: Int)] = [
      ("step \(state.step)/\(state.steps)", 0),
      ("\(Int(nearest: percent.rounded(.down)))%", 4),
      ("epoch \(fixed(state.epoch, places: 2))", 1),
    ]
    fields += state.losses.map { ("\($0.name) \(fixed(Double($0.value), places: 4))", 3) }
    if let rate = state.imagesPerSecond {
      fields.append(("\(fixed(rate, places: rate < 10 ? 1 : 0)) images/s", 2))
    }
    if let seconds = state.secondsLeft { fields.append(("\(duration(seconds)) left", 5)) }
    let line = { fields.map(\.text).joined(separator: "  ") }
    for drop in 1...5 where line().count > width { fields.removeAll { $0.drop == drop } }
    return String(line().prefix(max(0, width)))
  }

  /// A time in words as short as they can be: `45s`, `2m 03s`, `1:05:09`.
  public static func duration(_ seconds: Double) -> String {
    // A hundred years; also what is not finite.
    let total = seconds < 3e9 ? Int(nearest: max(0, seconds)) : 3_000_000_000
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
    let padded = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
    if hours > 0 { return "\(hours):\(padded(minutes)):\(padded(rest))" }
    return minutes > 0 ? "\(minutes)m \(padded(rest))s" : "\(rest)s"
  }

  /// A number with a fixed count of decimals, since one that changes its width makes the line restless.
  static func fixed(_ value: Double, places: Int) -> String {
    guard value.isFinite, abs(value) < 1e9 else { return "\(value)" }
    let unit = (0..<places).reduce(1) { unit, _ in unit * 10 }
    let scaled = Int(nearest: abs(value) * Double(unit))
    let sign = value < 0 && scaled > 0 ? "-" : ""
    if places == 0 { return "\(sign)\(scaled)" }
    let decimals = String(scaled % unit)
    return "\(sign)\(scaled / unit).\(String(repeating: "0", count: places - decimals.count))\(decimals)"
  }

  private let steps: Int
  private let batch: Int
  private let plainSeconds: Double
  private let output: ProgressOutput
  private var rate = RateEstimate()
  private var last: ProgressState?
  /// When a line was last written, and for which step.
  private var written: (seconds: Double, step: Int)?

  /// - Parameters:
  ///   - steps: the step at which the run ends.
  ///   - batch: images a step.
  ///   - plainSeconds: where the output is no terminal, a line is written at most this often.
  public init(
    steps: Int, batch: Int, plainSeconds: Double = 10, output: ProgressOutput = .standardError
  ) {
    self.steps = steps
    self.batch = batch
    self.plainSeconds = plainSeconds
    self.output = output
  }

  /// Ten times a second is as often as an eye can read, and costs a fast loop nothing.
  private static let liveSeconds = 0.1

  /// Tells where the run stands; call it as often as you like.
  public mutating func update(step: Int, epoch: Double, losses: [(name: String, value: Float)]) {
    let now = output.seconds()
    rate.add(step: step, at: now)
    let stepsPerSecond = rate.stepsPerSecond
    let state = ProgressState(
      step: step, steps: steps, epoch: epoch, losses: losses,
      imagesPerSecond: stepsPerSecond.map { $0 * Double(batch) },
      secondsLeft: stepsPerSecond.map { Double(max(0, steps - step)) / $0 })
    last = state
    let interval = output.columns() == nil ? plainSeconds : Self.liveSeconds
    if let written, now - written.seconds < interval { return }
    write(state, at: now)
  }

  /// Takes the live line away, so that a message can be written in its place; the next update brings it back.
  public mutating func clear() {
    guard written != nil, output.columns() != nil else { return }
    output.write("\r\u{1B}[K")
    written = nil
  }

  /// Writes a message of its own line; the live line comes back below it.
  public mutating func say(_ message: String) {
    clear()
    output.write(Console.harmless(message) + "\n")
  }

  /// Leaves the last state standing and ends its line.
  public mutating func finish() {
    guard let last else { return }
    if written?.step != last.step { write(last, at: output.seconds()) }
    if output.columns() != nil { output.write("\n") }
    self.last = nil
    written = nil
  }

  private mutating func write(_ state: ProgressState, at now: Double) {
    if let columns = output.columns() {
      // The last column stays free: a terminal may go to the next line when it is filled.
      output.write("\r\(Self.text(for: state, width: columns - 1))\u{1B}[K")
    } else {
      output.write(Self.text(for: state) + "\n")
    }
    written = (now, state.step)
  }
}

/// Where a progress line goes, and the clock that it goes by.
public struct ProgressOutput: Sendable {
  let write: @Sendable (String) -> Void
  /// The terminal's width, or nil where there is no terminal.
  let columns: @Sendable () -> Int?
  let seconds: @Sendable () -> Double

  /// Nowhere.
  public static let silent = ProgressOutput(write: { _ in }, columns: { nil }, seconds: standardError.seconds)

  /// The standard error stream, which leaves the standard output to results.
  public static let standardError = ProgressOutput(
    write: Console.control,
    columns: { Console.width(of: STDERR_FILENO) },
    seconds: {
      var now = timespec()
      clock_gettime(CLOCK_MONOTONIC, &now)
      return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
    })
}

/// How fast steps go by, smoothed over about half a minute.
struct RateEstimate {
  /// The time in seconds over which what has been seen loses its weight by e.
  private static let memory = 30.0

  private var weightedSteps = 0.0
  private var weightedSeconds = 0.0
  private var previous: (step: Int, seconds: Double)?

  /// Nil before the second step. Steps and seconds are weighted alike, so the beginning needs no correction.
  var stepsPerSecond: Double? { weightedSeconds > 0 && weightedSteps > 0 ? weightedSteps / weightedSeconds : nil }

  mutating func add(step: Int, at seconds: Double) {
    if let previous {
      let elapsed = max(0, seconds - previous.seconds)
      let weight = exp(-elapsed / Self.memory)
      weightedSteps = weightedSteps * weight + Double(step - previous.step)
      weightedSeconds = weightedSeconds * weight + elapsed
    }
    previous = (step, seconds)
  }
}
