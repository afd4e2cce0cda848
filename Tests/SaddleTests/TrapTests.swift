import Foundation
import Testing

/// docs/traps.md lists every call that ends the process, with the reason why nothing from outside comes there.
@Test func everyTrapHasAReason() throws {
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
  let row = /\| (\S+\.swift) \| (\d+) \| .+ \|/
  let listed = try String(contentsOf: root.appending(path: "docs/traps.md"), encoding: .utf8)
    .split(separator: "\n").compactMap { try? row.wholeMatch(in: $0) }
    .reduce(into: [:]) { $0[String($1.output.1)] = Int($1.output.2) }
  let call = /\b(precondition|preconditionFailure|fatalError)\(/
  let never = /try!|as!|\bprint\(|FileHandle\.standard/
  var found: [String: Int] = [:]
  let sources = root.appending(path: "Sources")
  for name in try FileManager.default.subpathsOfDirectory(atPath: sources.path)
  where name.hasSuffix(".swift") && !name.contains(".docc/") {
    let text = try String(contentsOf: sources.appending(path: name), encoding: .utf8)
    let code = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
    let count = code.reduce(0) { $0 + $1.matches(of: call).count }
    if count > 0 { found[name] = count }
    // A stream that is closed or full makes these trap.
    for line in code where line.contains(never) { Issue.record("\(name): \(line)") }
  }
  for name in Set(found.keys).union(listed.keys).sorted() {
    #expect(found[name] == listed[name], "\(name): \(found[name] ?? 0) calls, \(listed[name] ?? 0) in docs/traps.md")
  }
}
