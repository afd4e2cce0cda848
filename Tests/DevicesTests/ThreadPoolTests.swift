import Testing

@testable import Devices

@Suite("The pool of threads")
struct ThreadPoolTests {
  /// More threads than processors, several pools at once and pauses in which workers fall asleep: a lost wake-up would
  /// hang here.
  @Test("launches end on a crowded machine", .timeLimit(.minutes(1)))
  func crowded() async throws {
    await withTaskGroup { group in
      for _ in 0..<4 {
        group.addTask {
          do {
            let device = try Device.cpu(threads: 5)
            let y = device.buffer(count: 1 << 15)
            for round in 0..<1500 {
              device.launch(.named("fill"), [.buffer(y, at: 0), .real(Double(round))], over: Extent(1 << 15))
              if round % 50 == 0 { try await Task.sleep(for: .microseconds(300)) }
            }
            #expect(try device.read(y, count: 1 << 15) == [Float](repeating: 1499, count: 1 << 15))
          } catch {
            Issue.record(error)
          }
        }
      }
    }
  }
}
