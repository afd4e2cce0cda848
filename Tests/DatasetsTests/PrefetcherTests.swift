import Foundation
import Testing

@testable import Datasets

private func numbered(_ count: Int) throws -> ImageArray {
  try ImageArray(
    name: "numbered", height: 2, width: 2, channels: 1, pixels: (0..<count * 4).map { UInt8(truncatingIfNeeded: $0) },
    labels: (0..<count).map { $0 % 3 })
}

@Test func prefetcherEqualsDirectReading() throws {
  let images = try numbered(50)
  let sampler = try BatchSampler(count: 50, batchSize: 8, seed: 11, flips: .horizontal)
  let prefetcher = BatchPrefetcher(images, sampler)
  var cursor = BatchSampler.Cursor()
  for _ in 0..<20 {
    let batch = try prefetcher.next()
    let indices = sampler.indices(epoch: cursor.epoch, batch: cursor.batch)
    let flips = sampler.flips(epoch: cursor.epoch, batch: cursor.batch)
    let bytes = zip(indices, flips).flatMap { index, isFlipped in
      let p = (0..<4).map { UInt8(truncatingIfNeeded: index * 4 + $0) }
      return isFlipped ? [p[1], p[0], p[3], p[2]] : p
    }
    #expect(batch == ImageBatch(bytes: bytes, labels: indices.map { $0 % 3 }, cursor: cursor, indices: indices))
    cursor = sampler.cursor(after: cursor)
  }
}

@Test func resumedRunsGetTheSameBatches() throws {
  let images = try numbered(50)
  let sampler = try BatchSampler(count: 50, batchSize: 8, seed: 11, flips: .horizontal)
  let whole = BatchPrefetcher(images, sampler)
  let batches = try (0..<15).map { _ in try whole.next() }
  for start in [1, 5, 6, 13] {
    let cursor = try JSONDecoder().decode(
      BatchSampler.Cursor.self, from: JSONEncoder().encode(sampler.cursor(after: batches[start - 1].cursor)))
    let resumed = BatchPrefetcher(images, sampler, from: cursor, depth: 1)
    for batch in batches[start...] { #expect(try resumed.next() == batch) }
  }
}

@Test func lazyFoldersAreReadAsDecodedOnes() throws {
  try Fixture.withFolder { folder in
    for i in 0..<12 {
      let side = 4 + i % 3
      let file = Fixture.png(side, side) { x, y in [UInt8(i), UInt8(x), UInt8(y)] }
      try Fixture.write(["\(i % 2)/\(i).png": file], in: folder)
    }
    let decoded = try FolderDataset(folder, size: 3)
    let lazy = try FolderDataset(folder, size: 3, memoryLimit: 0)
    #expect(!decoded.decodesWhenRead && lazy.decodesWhenRead)
    let sampler = try BatchSampler(count: 12, batchSize: 5, seed: 2, flips: .horizontal)
    let (a, b) = (BatchPrefetcher(decoded, sampler), BatchPrefetcher(lazy, sampler))
    for _ in 0..<6 { #expect(try a.next() == b.next()) }
  }
}

@Test func errorsComeAfterTheBatchesBeforeThem() throws {
  try Fixture.withFolder { folder in
    for i in 0..<8 { try Fixture.write(["\(i).png": Fixture.png(2, 2) { _, _ in [0, 0, UInt8(i)] }], in: folder) }
    let lazy = try FolderDataset(folder, memoryLimit: 0)
    let sampler = try BatchSampler(count: 8, batchSize: 2, seed: 5)
    let lost = lazy.files[sampler.order(epoch: 0)[5]]
    try FileManager.default.removeItem(atPath: lost.path)
    let prefetcher = BatchPrefetcher(lazy, sampler, depth: 4)
    Thread.sleep(forTimeInterval: 0.05)  // most likely the error is there before the first batch is asked for
    _ = try prefetcher.next()
    _ = try prefetcher.next()
    for _ in 0..<2 {
      let error = #expect(throws: DatasetError.self) { try prefetcher.next() }
      #expect(error?.path == lost.path)
      #expect(error?.problem.contains("no such file") == true && error?.remedy.contains("data inspect") == true)
    }
  }
}

/// Images on a disk that does not answer until the test is over.
private final class DeadDisk: ImageDataset {
  let name = "dead", count = 50, height = 2, width = 2, channels = 1
  let labels: [Int]? = nil, classNames: [String] = []
  let gate = DispatchSemaphore(value: 0)
  func read(_ index: Int, into pixels: UnsafeMutableBufferPointer<UInt8>) throws(DatasetError) {
    gate.wait()
    gate.signal()
  }
}

/// Whoever waits for a batch that does not come can stop waiting; and nothing waits for the thread then.
@Test func waitingCanBeGivenUp() throws {
  let disk = DeadDisk()
  defer { disk.gate.signal() }
  let sampler = try BatchSampler(count: 50, batchSize: 8, seed: 0)
  let prefetcher = BatchPrefetcher(disk, sampler)
  var asked = 0
  let batch = try prefetcher.next(unless: {
    asked += 1
    return asked == 3
  })
  #expect(batch == nil && asked == 3)
  #expect(throws: DatasetError.self) { try prefetcher.next() }
  prefetcher.stop()
}

/// A thread that cannot be started is an error of the first batch, not an endless wait. In a child process; a stack as
/// large as all addresses cannot be had.
@Test func aReaderThatCannotStartIsTold() async {
  await #expect(processExitsWith: .success) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, 1 << 47)
    typealias Setter = @convention(c) (UnsafePointer<pthread_attr_t>) -> Int32  // of glibc, in no header of Swift's
    let setter = try #require(dlsym(nil, "pthread_setattr_default_np").map { unsafeBitCast($0, to: Setter.self) })
    try #require(setter(&attributes) == 0)
    let prefetcher = try BatchPrefetcher(numbered(50), BatchSampler(count: 50, batchSize: 8, seed: 0))
    for _ in 0..<2 {
      let error = #expect(throws: DatasetError.self) { try prefetcher.next() }
      #expect(error?.description.contains("numbered: no thread can be started that reads it: ") == true)
      #expect(error?.remedy.contains("ulimit -u") == true)
    }
    prefetcher.stop()
    exit(0)
  }
}

@Test func stoppingEndsTheThread() throws {
  let sampler = try BatchSampler(count: 50, batchSize: 8, seed: 0)
  let prefetcher = try BatchPrefetcher(numbered(50), sampler)
  _ = try prefetcher.next()
  prefetcher.stop()
  prefetcher.stop()
  let error = #expect(throws: DatasetError.self) { try prefetcher.next() }
  #expect(error?.problem.contains("stopped") == true)
  for _ in 0..<50 { _ = try BatchPrefetcher(numbered(50), sampler) }  // dropped at once, which must not hang
}
