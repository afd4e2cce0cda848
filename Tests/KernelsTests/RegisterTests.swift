import Foundation
import Testing

/// What the compiler made of the loops that add products: in the object files, so that a spill cannot come back unseen.
enum Disassembly {
  static let objects = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    .appending(path: "Kernels.build")

  #if DEBUG || !arch(x86_64)
  static let isThere = false
  #else
  static let isThere = FileManager.default.fileExists(atPath: objects.appending(path: "host_avx2.c.o").path)
  #endif

  /// Address and text of each instruction of a function.
  static func instructions(of function: String, in object: String) throws -> [(address: Int, text: Substring)] {
    let process = Process(), pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    // Both write the same form.
    process.arguments = [
      "-c", #"$(command -v llvm-objdump || echo objdump) --disassemble --no-show-raw-insn "$0""#,
      objects.appending(path: object).path,
    ]
    process.standardOutput = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "no disassembler")
    let start = try #require(text.range(of: "<\(function)>:\n"), "\(object) has no \(function)").upperBound
    return text[start...].split(separator: "\n", omittingEmptySubsequences: false)
      .prefix { !$0.isEmpty }
      .compactMap { line in
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let address = Int(parts[0].trimmingCharacters(in: .whitespaces), radix: 16) else {
          return nil
        }
        return (address, parts[1])
      }
  }

  /// The innermost loops that hold fused multiply-adds of vectors.
  static func productLoops(of function: String, in object: String) throws -> [[Substring]] {
    let all = try instructions(of: function, in: object)
    let places = Dictionary(all.enumerated().map { ($1.address, $0) }) { first, _ in first }
    /// Where each jump backwards begins.
    let starts = all.enumerated().compactMap { place, instruction -> (start: Int, end: Int)? in
      guard let target = instruction.text.firstMatch(of: /^\s*j\w+\s+(?:0x)?([0-9a-f]+)/),
        let start = places[Int(target.1, radix: 16) ?? -1], start <= place
      else { return nil }
      return (start, place)
    }
    return starts.filter { loop in
      !starts.contains { $0.start >= loop.start && $0.end < loop.end }
    }
    .map { all[$0.start...$0.end].map(\.text) }.filter { $0.contains { $0.contains("vfmadd") } }
  }
}

/// Loops over k of one kernel in one build.
struct ProductLoop: Sendable, CustomTestStringConvertible {
  let kernel, build: String
  /// Multiply-adds of vectors in the loop of a whole part.
  let terms: Int
  /// Reads of the stack at most, none of them of a vector: with AVX-512 some of the addresses of 12 rows, which leave
  /// no general registers for the rest.
  let reads: Int
  var testDescription: String { "\(kernel), \(build)" }

  static let all = [
    ProductLoop(kernel: "matmul", build: "avx2", terms: 12, reads: 0),
    ProductLoop(kernel: "convolve", build: "avx2", terms: 12, reads: 0),
    ProductLoop(kernel: "convolve_filter", build: "avx2", terms: 12, reads: 0),
    ProductLoop(kernel: "matmul", build: "avx512", terms: 24, reads: 8),
    ProductLoop(kernel: "convolve", build: "avx512", terms: 24, reads: 8),
    ProductLoop(kernel: "convolve_filter", build: "avx512", terms: 24, reads: 0),
  ]
}

@Test(
  "no vector leaves the registers inside a loop over k", .enabled(if: Disassembly.isThere), arguments: ProductLoop.all)
func registersSuffice(row: ProductLoop) throws {
  let loops = try Disassembly.productLoops(of: "\(row.kernel)_run", in: "host_\(row.build).c.o")
  #expect(loops.map { $0.count { $0.contains("vfmadd") } }.max() == row.terms)
  for loop in loops {
    let stack = loop.filter { $0.contains("(%rsp") || $0.contains("(%rbp") }
    #expect(!stack.contains { $0.contains("mm") }, "\(stack.joined(separator: "\n"))")
    #expect(stack.count <= row.reads, "\(stack.joined(separator: "\n"))")
  }
}
