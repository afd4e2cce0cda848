import Glibc

/// Finds the fastest tiles of an OpenCL device: what `saddle tune` does.
public final class TileTuner {
  /// One tile on one launch.
  public struct Result: Sendable {
    public enum Outcome: Sendable, Equatable {
      case seconds(Double)
      /// It gave other bits than the processor.
      case wrong
      /// The driver refused to build or to run it, and said why.
      case refused(String)
    }

    public let kernel: String
    public let trial: String
    public let flops: Int
    public let tile: TileParameters
    public let outcome: Outcome
  }

  /// What came of it.
  public struct Report: Sendable {
    public var results: [Result] = []
    /// Tiles that there was no time for.
    public var leftOut = 0
    /// The tiles to use; those in use before for a kernel of which nothing could be measured.
    public var tiles: Tiles
    /// For each kernel, how many times as fast as with the tiles in use before: the geometric mean over its launches.
    public var gains: [String: Double] = [:]
  }

  public let deviceName: String
  /// The tiles in use, and where they are from.
  public let inUse: (tiles: Tiles, origin: Tiles.Origin)
  /// The tiles that are tried, those in use first.
  public let candidates: [TileParameters]
  private let device: OpenCLDevice
  private let trials: [TuningCase]
  private let sources: [OpenCLPrograms.Source]
  private var units: Int { device.tileUnits }

  /// - Parameter name: As for `Device.open`.
  /// - Returns: nil where the name means the CPU device, or a device that runs kernels in blocks: there is nothing to
  ///   tune.
  /// - Throws: `DeviceError` where the name means no device.
  public convenience init?(_ name: String?, form: KernelForm? = nil) throws(DeviceError) {
    let asked = name ?? Device.environment("SADDLE_DEVICE") ?? "auto"
    guard let choice = DeviceName(asked) else { throw .badName(asked) }
    if let kind = choice.kind, kind != DeviceKind.openCL.name { return nil }
    if choice == .auto {
      // Where nothing is asked for, a machine without OpenCL has nothing to tune.
      guard let best = try? OpenCLDevice.named(.auto, asked: asked) else { return nil }
      self.init(best)
      return
    }
    let device = try OpenCLDevice.named(choice, asked: asked)
    let chosen = try Device.chosenForm(form) ?? device.form
    guard chosen == .tile else { return nil }
    self.init(device)
  }

  /// - Parameters:
  ///   - candidates: Else those that are worth trying on the vendor's devices.
  ///   - trials: Else what GANs launch, at a size that suits the device.
  ///   - sources: The kernels' texts.
  init(
    _ device: OpenCLDevice, candidates: [TileParameters]? = nil, trials: [TuningCase]? = nil,
    sources: [OpenCLPrograms.Source] = OpenCLPrograms.embedded
  ) {
    (self.device, self.sources) = (device, sources)
    deviceName = "\(device.description.name) (\(device.description.platform), \(device.description.selector))"
    let (localMemory, largestGroup) = (device.localMemory, device.largestGroup)
    let known = device.tiles()
    let tiles = known.tiles.completed(localMemory: localMemory, largestGroup: largestGroup)
    inUse = (tiles, known.origin)
    let fitting = (Tiles.kernels.flatMap { tiles.byKernel[$0] ?? [] } + (candidates ?? Self.listed(for: device.vendor)))
      .filter { tile in
        tile.fits(localMemory: localMemory, largestGroup: largestGroup)
      }
    var seen: Set<TileParameters> = []
    self.candidates = fitting.filter { seen.insert($0).inserted }
    self.trials = trials ?? TuningCase.rows(batch: device.description.kind == .processor ? 1 : 64)
  }

  /// Tiles worth trying on any device: from 128 to 32 outputs along a side, 16 to 64 outputs an item; on NVIDIA's first
  /// those whose groups fill a unit's registers.
  static func listed(for vendor: Tiles.Vendor) -> [TileParameters] {
    let shapes: [(tile: (Int, Int), items: (Int, Int))] = [
      ((128, 128), (16, 16)), ((128, 64), (16, 8)), ((128, 64), (16, 16)), ((64, 128), (8, 16)), ((64, 128), (16, 16)),
      ((64, 64), (8, 8)), ((64, 64), (8, 16)), ((64, 64), (16, 16)), ((128, 32), (16, 8)), ((64, 32), (8, 8)),
      ((32, 64), (8, 8)), ((32, 32), (8, 8)),
    ]
    let ofFewOutputs = [Tiles.narrow, Tiles.low]
    let everywhere = [(16, true), (8, true), (16, false), (32, false)].flatMap { kwg, isDoubleBuffered in
      shapes.map { TileParameters(($0.tile.0, $0.tile.1, kwg), items: $0.items, isDoubleBuffered: isDoubleBuffered) }
    }
    let inWarps = [8, 16].flatMap { kwg in
      shapes.flatMap { tile, items in
        (items.0 * items.1 == 256 ? [128, 0] : [0]).map { registers in
          TileParameters((tile.0, tile.1, kwg), items: items, isInWarps: true, registers: registers)
        }
      }
    }
    return ((vendor.hasRegisterOptions ? inWarps : []) + ofFewOutputs + everywhere).filter {
      $0.fits(localMemory: 64 << 10, largestGroup: 256)
    }
  }

  // MARK: Measuring

  /// Builds, checks and times each candidate on each launch.
  ///
  /// - Parameters:
  ///   - limit: No further candidate is begun after this time.
  ///   - progress: Told in words what is being done.
  /// - Throws: What keeps the device, or the processor, from running anything at all.
  public func run(limit: Duration, progress: (String) -> Void = { _ in }) throws(DeviceError) -> Report {
    let start = ContinuousClock.now
    var report = Report(tiles: inUse.tiles)
    progress("computing \(trials.count) launches on the processor")
    let answers = try reference()
    var bench = try Bench(device, trials, sources)
    for (number, tile) in candidates.enumerated() {
      guard start.duration(to: .now) < limit else {
        report.leftOut = candidates.count - number
        break
      }
      let minutes = start.duration(to: .now) / .seconds(60)
      progress("\(number + 1)/\(candidates.count)  \(tile), \(Int(minutes)) min")
      for (trial, answer) in zip(trials.indices, answers) {
        let outcome = bench.outcome(of: tile, on: trial, answer: answer)
        let row = trials[trial]
        report.results.append(
          Result(kernel: row.kernel.name, trial: row.name, flops: row.flops, tile: tile, outcome: outcome))
        if bench.isBroken { bench = try Bench(device, trials, sources) }
      }
    }
    choose(&report)
    return report
  }

  /// The outputs' bits as the processor computes them.
  private func reference() throws(DeviceError) -> [[UInt32]] {
    let native = try Device.cpu()
    return try trials.map { trial throws(DeviceError) in
      let prepared = try trial.prepare(on: native)
      native.launch(trial.kernel, prepared.arguments, over: trial.extent)
      return try trial.bits(prepared, on: native)
    }
  }

  /// The launches on the device.
  private struct Bench {
    private let backend: OpenCLBackend
    private let memory: Device
    private let rows: [(trial: TuningCase, prepared: TuningCase.Prepared)]
    /// A launch that fails may leave a context in which nothing works any more.
    private(set) var isBroken = false

    init(
      _ device: OpenCLDevice, _ trials: [TuningCase], _ sources: [OpenCLPrograms.Source]
    ) throws(DeviceError) {
      // What most tiles compile to is never wanted again: it stays out of the cache.
      let backend = try OpenCLBackend(device, form: .tile, cache: nil, sources: sources)
      let memory = Device(backend)
      rows = try trials.map { trial throws(DeviceError) in (trial, try trial.prepare(on: memory)) }
      (self.backend, self.memory) = (backend, memory)
    }

    mutating func outcome(of tile: TileParameters, on number: Int, answer: [UInt32]) -> Result.Outcome {
      let (trial, prepared) = rows[number]
      backend.tiles.byKernel[trial.kernel.name] = [tile]
      do throws(DeviceError) {
        // What another tile left there would pass for this one's.
        memory.write([Float](repeating: .nan, count: prepared.count), to: prepared.output)
        try backend.launch(trial.kernel, prepared.arguments, extent: trial.extent, first: 0)
        guard try trial.bits(prepared, on: memory) == answer else { return .wrong }
        var times: [Double] = []
        while times.count < 3 || (times.count < 20 && times.reduce(0, +) < 0.02) {
          try backend.beginTiming()
          try backend.launch(trial.kernel, prepared.arguments, extent: trial.extent, first: 0)
          times.append(try backend.endTiming().reduce(Duration.zero) { $0 + $1.time } / .seconds(1))
        }
        return .seconds(max(times.min() ?? 0, 1e-9))
      } catch {
        if case .buildFailed = error {} else { isBroken = true }
        return .refused(error.description)
      }
    }
  }

  // MARK: Choosing

  /// Puts together the few tiles that serve a kernel's launches best, as launches will choose between them.
  func choose(_ report: inout Report) {
    for kernel in Tiles.kernels {
      let rows = trials.filter { $0.kernel.name == kernel }
      var seconds: [TileParameters: [String: Double]] = [:]
      for result in report.results where result.kernel == kernel {
        if case .seconds(let time) = result.outcome { seconds[result.tile, default: [:]][result.trial] = time }
      }
      // Only what is right on every launch.
      seconds = seconds.filter { $0.value.count == rows.count }
      func time(_ tiles: [TileParameters]) -> Double? {
        let times = rows.map { row in
          seconds[Tiles([kernel: tiles]).tile(for: row.kernel, over: row.extent, units: units)]?[row.name]
        }
        guard !times.contains(nil) else { return nil }
        return Self.geometricMean(times.compactMap(\.self))
      }
      let measured = candidates.filter { seconds[$0] != nil }
      var best: (tiles: [TileParameters], time: Double)?
      for _ in 0..<5 {
        let chosen = best?.tiles ?? []
        let next = measured.filter { !chosen.contains($0) }
          .compactMap { tile in time(chosen + [tile]).map { (tiles: chosen + [tile], time: $0) } }
          .min { $0.time < $1.time }
        // A tile that wins less than a fiftieth is not worth its compilation.
        guard let next, next.time < (best?.time ?? .infinity) * (chosen.isEmpty ? 1 : 0.98) else { break }
        best = next
      }
      guard let best else { continue }
      let before = inUse.tiles.byKernel[kernel].flatMap { time($0) }
      report.tiles.byKernel[kernel] = best.tiles
      report.gains[kernel] = before.map { $0 / best.time }
    }
  }

  private static func geometricMean(_ values: [Double]) -> Double {
    exp(values.map { log($0) }.reduce(0, +) / Double(values.count))
  }

  // MARK: Keeping

  /// Keeps what was found for this device, its driver and these kernels.
  ///
  /// - Returns: The file; nil where it could not be written.
  public func save(_ tiles: Tiles) -> String? { save(tiles, in: .user) }

  func save(_ tiles: Tiles, in folder: CacheFolder?) -> String? {
    guard let folder else { return nil }
    var tuning = (try? Tuning(readingFrom: folder)) ?? Tuning()
    tuning.set(tiles, for: device.tuningKey)
    return tuning.write(to: folder) ? "\(folder.path)/\(Tuning.fileName)" : nil
  }
}
