import Foundation
import Glibc
import Synchronization
import Testing

@testable import Devices

@Suite("The pool of threads")
struct ThreadPoolTests {
  /// More threads than processors, several pools at once and pauses in which workers fall asleep: a lost wake-up would
  /// hang here. How long it takes says nothing: others may use the machine.
  @Test("launches end on a crowded machine")
  func crowded() async throws {
    await withTaskGroup { group in
      for _ in 0..<4 {
        group.addTask {
          do {
            let device = try Device.cpu(threads: 5)
            let y = device.buffer(count: 1 << 15)
            for round in 0..<400 {
              device.launch(
                .named("fill"), ["y": .buffer(y, at: 0)], reals: ["value": Double(round)], over: Extent(1 << 15))
              if round % 50 == 0 { try await Task.sleep(for: .microseconds(300)) }
            }
            #expect(try device.read(y, count: 1 << 15) == [Float](repeating: 399, count: 1 << 15))
          } catch {
            Issue.record(error)
          }
        }
      }
    }
  }

  @Test("every item is done once, whatever the threads", arguments: [1, 2, 3, 64])
  func everyItem(threads: Int) throws {
    let device = try Device.cpu(threads: threads)
    let count = 100_003
    let x = device.buffer(count: count)
    device.write((0..<count).map { Float($0) }, to: x)
    for round in 1...20 {
      device.launch(.named("negate"), ["x": .buffer(x, at: 0), "y": .buffer(x, at: 0)], over: Extent(count))
      let sign: Float = round % 2 == 0 ? 1 : -1
      #expect(try device.read(x, count: count) == (0..<count).map { sign * Float($0) })
    }
  }

  @Test("numbers of threads that cannot be", arguments: [0, -1, 1025, 100_000, .max])
  func numbers(threads: Int) {
    #expect {
      try Device.cpu(threads: threads)
    } throws: {
      "\($0)" == "threads is '\(threads)'; it may be a number of threads from 1 to 1024."
    }
  }

  /// In a child process. A stack as large as all addresses cannot be had, so that no thread starts.
  @Test("threads that cannot be started are said to be so")
  func noThreads() async {
    await #expect(processExitsWith: .success) {
      _ = try WorkerThread {}.join()
      ThreadPoolTests.forbidThreads()
      #expect { try WorkerThread {} } throws: { "\($0)" == String(cString: strerror(EAGAIN)) }
      #expect { try Device.cpu(threads: 3) } throws: {
        "\($0)".hasPrefix("only 1 of 3 threads can run: ") && "\($0)".contains("SADDLE_THREADS=1")
      }
      #expect(try Device.cpu(threads: 1).threadCount == 1)
      // Work that several threads may share is done by the one that there is.
      let sum = Mutex(0)
      performConcurrently(1000) { number in sum.withLock { $0 += number } }
      #expect(sum.withLock { $0 } == 499_500)
      exit(0)
    }
  }

  static func forbidThreads() {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, 1 << 47)
    typealias Setter = @convention(c) (UnsafePointer<pthread_attr_t>) -> Int32  // of glibc, in no header of Swift's
    let setter = dlsym(nil, "pthread_setattr_default_np").map { unsafeBitCast($0, to: Setter.self) }
    precondition(setter?(&attributes) == 0)
  }
}
