import ArgumentParser
import Foundation
import Saddle

@main
struct Fuzz: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz",
    abstract: "Gives Saddle's readers inputs that are nearly right, and says which they trap on, hang on or garble.",
    discussion: """
      Input N of a row is a function of the seed, so that a finding is repeated by its number:
        fuzz png --from 4711 --count 1 --keep FOLDER     leaves the input in FOLDER
      tools/fuzz goes through all rows, and on behind a trap.
      """)

  @Argument(help: "Rows; all by default.") var rows: [String] = []
  @Flag(help: "Lists the rows.") var list = false
  @Option(help: "Of the inputs.") var seed: UInt64 = 1
  @Option(help: "The first input.") var from = 0
  @Option(help: "How many inputs a row.") var count = 10_000
  @Option(help: "Seconds that one input may take.") var seconds: UInt32 = 20
  @Option(help: ArgumentHelp("The command for the row command-line.", valueName: "file")) var saddle: String?
  @Option(help: ArgumentHelp("Where inputs are written; the last one stays.", valueName: "folder")) var keep: String?

  func validate() throws {
    guard from >= 0, count >= 0, from <= 1 << 40, count <= 1 << 40 else {
      throw ValidationError("--from and --count must be from 0 to 2^40.")
    }
    let names = FuzzRow.all.map(\.name) + [CommandLineFuzzer.name]
    if let row = rows.first(where: { !names.contains($0) }) {
      throw ValidationError("There is no row '\(row)'; there are \(names.joined(separator: ", ")).")
    }
  }

  func run() throws {
    if list {
      let lines = FuzzRow.all.map { ($0.name, $0.summary) } + [(CommandLineFuzzer.name, CommandLineFuzzer.summary)]
      for (name, summary) in lines {
        try Console.show(name.padding(toLength: 14, withPad: " ", startingAt: 0) + summary)
      }
      return
    }
    let folder = keep ?? NSTemporaryDirectory() + "fuzz-\(getpid())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { if keep == nil { try? FileManager.default.removeItem(atPath: folder) } }
    var findings = 0
    for row in FuzzRow.all where rows.isEmpty || rows.contains(row.name) {
      var fuzzer = try Fuzzer(row, seed: seed, in: folder)
      try forEach(row.name) { index in
        do { try fuzzer.run(index) } catch let finding as FuzzFinding {
          findings += 1
          try Console.show("\(finding)")
        }
        return "\(fuzzer.taken) taken"
      }
    }
    if rows.isEmpty || rows.contains(CommandLineFuzzer.name), let saddle {
      let fuzzer = try CommandLineFuzzer(saddle, seed: seed)
      var long = 0
      try forEach(CommandLineFuzzer.name) { index in
        do { if try fuzzer.run(index, in: folder) == .tookLong { long += 1 } } catch let finding as FuzzFinding {
          findings += 1
          try Console.show("\(finding)")
        }
        return "\(long) stopped after their time"
      }
    }
    if findings > 0 { throw ExitCode.failure }
  }

  /// Calls `body` for each input, and says how it went.
  private func forEach(_ name: String, _ body: (Int) throws -> String) throws {
    Watch.begin(row: name, seed: seed)
    defer { Watch.end() }
    let start = ContinuousClock.now
    var said = ""
    for index in from..<from + count {
      if index > from, (index - from) % max(1, count / 20) == 0 {
        Console.tell("\(name): \(index - from) of \(count), \(said)")
      }
      Watch.next(index, seconds: seconds)
      said = try body(index)
    }
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    let took = start.duration(to: .now) / .seconds(1)
    try Console.show(
      "\(name): \(count) inputs from \(from), \(said), \(Int(took)) s, peak \(usage.ru_maxrss >> 10) MiB")
  }
}

/// Says which input the process dies of: traps, bad accesses, and inputs that take too long.
enum Watch {
  nonisolated(unsafe) private static var text = [CChar](repeating: 0, count: 256)
  nonisolated(unsafe) private static var prefix = 0

  static func begin(row: String, seed: UInt64) {
    let words = Array("\nfuzz: \(row) --seed \(seed): the process ended at --from ".utf8CString.dropLast())
    text.replaceSubrange(0..<words.count, with: words)
    prefix = words.count
    for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGALRM] {
      signal(number) { number in
        // Nothing here takes memory or a lock.
        var length = 0
        while Watch.text[length] != 0 { length += 1 }
        _ = Watch.text.withUnsafeBufferPointer { write(STDOUT_FILENO, $0.baseAddress, length) }
        _exit(number == SIGALRM ? 72 : 71)
      }
    }
  }

  static func next(_ index: Int, seconds: UInt32) {
    var (rest, digits) = (index, 1)
    while rest >= 10 {
      rest /= 10
      digits += 1
    }
    rest = index
    for place in stride(from: prefix + digits - 1, through: prefix, by: -1) {
      text[place] = CChar(48 + rest % 10)
      rest /= 10
    }
    (text[prefix + digits], text[prefix + digits + 1]) = (10, 0)
    alarm(seconds)
  }

  static func end() { alarm(0) }
}

extension FuzzRow {
  static let all = data + runs
}
