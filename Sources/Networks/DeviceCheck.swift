/// Compares a device with another to the bit, over every op row and every kernel that is no op.
///
/// `saddle check` runs it on a user's device, the tests run it between all of them.
public struct DeviceCheck: Sendable {
  /// Something to compute on a device: its values must be the same bits everywhere.
  public struct Row: Sendable, CustomStringConvertible {
    public let name: String
    /// Elements of the largest tensor, so that slow interpreters may leave the large ones out.
    public let size: Int
    let values: @Sendable (Device) throws -> [Float]
    public var description: String { name }
  }

  /// Where two devices differ.
  public struct Difference: Error, CustomStringConvertible {
    public let description: String
  }

  /// Compares one row.
  ///
  /// - Throws: `Difference` that tells the first element, or what the devices throw.
  public static func compare(_ row: Row, _ device: Device, to reference: Device) throws {
    let (ours, theirs) = (try row.values(device), try row.values(reference))
    guard ours.count == theirs.count else {
      throw Difference(description: "\(row.name): \(ours.count) values, not \(theirs.count)")
    }
    // NaN equals NaN, whatever its bits.
    let apart = ours.indices.filter { i in
      ours[i].bitPattern != theirs[i].bitPattern && !(ours[i].isNaN && theirs[i].isNaN)
    }
    guard let first = apart.first else { return }
    throw Difference(
      description: "\(row.name): \(apart.count) of \(ours.count) values differ; the first is element \(first): "
        + "\(ours[first]) on \(device.name), \(theirs[first]) on \(reference.name)")
  }

  /// Whether a row makes a device launch kernels whose tile form is tuned.
  ///
  /// - Throws: What the device throws.
  public static func isOfTiles(_ row: Row, on device: Device) throws -> Bool {
    try device.launchTimes { _ = try row.values(device) }.contains { $0.tile != nil }
  }

  public static let rows: [Row] = opRows + specialRows + drawRows + optimizerRows + imageRows + joinRows + rooflineRows

  /// Each sample of each op, and its gradient.
  private static let opRows: [Row] = Op.all.flatMap { op in
    op.samples.enumerated().map { number, sample in
      Row(name: "\(op.name) \(sample.shapes)", size: sample.shapes.map(\.count).max() ?? 0) { device in
        let tape = Tape()
        let inputs = sample.inputs(on: device, seed: UInt64(number + 1)).map(tape.watch)
        let y = sample.apply(inputs)
        let gradients = gradient(of: y, wrt: inputs)
        return try ([y] + gradients).flatMap { x throws in try x.scalars(as: Float.self) }
      }
    }
  }

  /// NaN, infinities, denormals, signed zeros, the ends of the range.
  static let specials: [Float] =
    [0, .leastNonzeroMagnitude, 0x1p-130, .leastNormalMagnitude, 1e-20, 0.5, 1, 3, 88, 89, 104, 1e4, 1e30, .infinity]
    .flatMap { [$0, -$0] } + [.nan, .greatestFiniteMagnitude, 0x1p24, 0x1p-24]

  private static let specialRows: [Row] = Op.unary.map { op in
    Row(name: "\(op.name) of special values", size: specials.count) { device in
      try op(Tensor(specials, shape: [specials.count], on: device)).scalars()
    }
  }

  private static let drawRows: [Row] = [
    Row(name: "uniform numbers", size: 1003) { device in
      try RandomStream(seed: 1 << 40 + 7, stream: 3).uniform([17, 59], step: 5, on: device).scalars()
    },
    Row(name: "normal numbers", size: 1003) { device in
      try RandomStream(seed: 1 << 40 + 7, stream: 3).normal([17, 59], step: 5, on: device).scalars()
    },
  ]

  /// Three updates of each rule, alone and with the average; gradients that die out leave moments below 2^-100.
  private static let optimizerRows: [Row] = OptimizerRule.all.flatMap { rule in
    [false, true].map { isAveraged in
      Row(name: rule.name + (isAveraged ? " with average" : ""), size: 1800) { device in
        let random = RandomStream(seed: 11, stream: 0)
        let network = try Network(Dense(30, initializer: .he), input: [60], random: random, on: device)
        var settings = OptimizerSettings(rate: 0.01)
        (settings.momentum, settings.weightDecay) = (0.5, 0.1)
        var player = TrainableNetwork(network, rule, settings, emaDecay: isAveraged ? 0.9 : 0)
        for (step, scale) in [1, 1e-20, 0].enumerated() {
          let gradient = scale * random.normal(network.weights.shape, step: step + 1, on: device)
          player.optimizer.update(network, along: gradient, ema: player.emaUpdate)
        }
        network.clipWeights(0.2)
        return try player.state("").flatMap { state throws in try state.tensor.scalars(as: Float.self) }
      }
    }
  }

  /// The kernels that measure what a device can do. (On values of the host: Oclgrind 21.10 takes drawn ones for
  /// uninitialised.)
  private static let rooflineRows: [Row] = ["fma_chains", "fma_few_chains", "stream_triad"].map { name in
    Row(name: name, size: 603) { device in
      let values = { (factor: Int) in (0..<603).map { Float($0 * factor % 601) / 7 - 40 } }
      let (a, b) = (Tensor(values(37), shape: [603], on: device), Tensor(values(101), shape: [603], on: device))
      let y = Tensor(uninitialized: [603], on: device)
      if name == "stream_triad" {
        y.launch(
          .named(name), ["a": a, "b": b, "y": y], sizes: ["length": 603], reals: ["factor": 0.3], over: Extent(603))
      } else {
        y.launch(
          .named(name), ["x": a, "y": y], sizes: ["rounds": 9, "length": 603], reals: ["factor": -0.7, "term": 1.1],
          over: Extent(603))
      }
      return try y.scalars()
    }
  }

  /// Parts of no, one and many elements, nine of them: eight at a time and one.
  private static let joinRows = [
    Row(name: "tensors joined", size: 1300) { device in
      let groups = [0, 1, 300, 2, 257, 256, 64, 5, 415].map { count in
        Tensor((0..<count).map { Float($0 * 37 % 101 - count) }, shape: [count], on: device)
      }
      let whole = Tensor(uninitialized: [1300], on: device)
      whole.assign(joining: groups)
      return try whole.scalars()
    }
  ]

  private static let imageRows: [Row] = [
    Row(name: "image bytes", size: 2 * 5 * 7 * 3) { device in
      let bytes = (0..<(2 * 5 * 7 * 3)).map { UInt8(truncatingIfNeeded: $0 * 37) }
      let images = Tensor(imageBytes: bytes, shape: [2, 5, 7, 3], on: device)
      let levels = Tensor(imageLevels: bytes, shape: [2, 5, 7, 3], on: device)
      return try images.scalars() + images.imageBytes().map(Float.init) + levels.scalars()
    },
    Row(name: "bytes of special values", size: specials.count) { device in
      try Tensor(specials, shape: [1, 1, specials.count, 1], on: device).imageBytes().map(Float.init)
    },
  ]
}
