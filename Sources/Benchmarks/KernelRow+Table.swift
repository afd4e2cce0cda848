import Saddle

/// How large the rows of the kernel bench are.
public struct KernelSizes: Sendable {
  /// Images in a batch.
  public var batch = 64
  /// Rows of the square products.
  public var products = [256, 512, 1024, 2048, 4096]
  /// Numbers in the arrays of elementwise operations and sums: 64 MiB, beyond most caches. A multiple of 4096.
  public var elements = 1 << 24
  /// Parameters of the networks that optimizers move, each a multiple of 100.
  public var parameters = [1_000_000, 10_000_000, 100_000_000]
  /// Rows that are gathered from the large table.
  public var gathered = 1 << 16

  public init() {}
}

extension KernelRow {
  /// Every row, family by family.
  public static func table(_ sizes: KernelSizes = KernelSizes()) -> [KernelRow] {
    convolutions(batch: sizes.batch) + products(sizes.products) + normalizations(batch: sizes.batch)
      + pointwise(sizes.elements) + biases(sizes.elements) + reductions(sizes.elements) + adam(sizes.parameters)
      + draws(sizes.elements) + gathers(sizes.gathered)
  }

  private static func random(_ shape: Shape, _ number: Int = 0, on device: Device) -> Tensor {
    RandomStream(seed: 1, stream: 0).normal(shape, step: number, on: device)
  }

  // MARK: Products

  /// A convolution and its two gradients over the same three arrays.
  private struct Layer {
    let name: String
    let size, channels, filters, taps: Int
    let geometry: ConvolutionGeometry

    /// A layer of DCGAN's discriminator. The generator's layers are the same ones' input gradients.
    static func dcgan(_ size: Int, _ channels: Int, _ filters: Int) -> Layer {
      Layer(
        name: "dcgan64 \(size)x\(size)x\(channels) to \(filters)", size: size, channels: channels, filters: filters,
        taps: 4, geometry: size > 4 ? .init(stride: 2, padding: 1) : .init())
    }

    /// A layer of the ResNet for 32 x 32 images (Miyato et al. 2018).
    static func resnet(_ size: Int, _ channels: Int, taps: Int) -> Layer {
      Layer(
        name: "resnet32 \(taps)x\(taps) \(size)x\(size)x\(channels) to 128", size: size, channels: channels,
        filters: 128, taps: taps, geometry: .init(padding: .init(taps / 2)))
    }

    func rows(batch: Int) -> [KernelRow] {
      let (outputs, geometry, size) = (geometry.output(size, size, taps: (taps, taps)).height, geometry, size)
      let x: Shape = [batch, size, size, channels], w: Shape = [taps, taps, channels, filters]
      let y: Shape = [batch, outputs, outputs, filters]
      func row(
        _ direction: String, prepare: @escaping @Sendable (_ x: Tensor, _ w: Tensor, _ dy: Tensor) -> () -> Void
      ) -> KernelRow {
        KernelRow(
          "\(name) \(direction)", .convolution, flops: 2 * y.count * taps * taps * channels,
          reals: x.count + w.count + y.count
        ) { device in
          prepare(random(x, 1, on: device), random(w, 2, on: device), random(y, 3, on: device))
        }
      }
      return [
        row("forward") { x, w, _ in { _ = conv2d(x, w, geometry) } },
        row("input gradient") { _, w, dy in { _ = transposedConv2d(dy, w, geometry, height: size, width: size) } },
        row("weight gradient") { x, w, dy in
          let w = Tape().watch(w)
          let y = conv2d(x, w, geometry)
          return { _ = gradient(of: y, wrt: [w], gradOutput: dy) }
        },
      ]
    }
  }

  private static func convolutions(batch: Int) -> [KernelRow] {
    let layers: [Layer] = [
      .dcgan(64, 3, 64), .dcgan(32, 64, 128), .dcgan(16, 128, 256), .dcgan(8, 256, 512), .dcgan(4, 512, 1),
      .dcgan(4, 512, 100),  // the generator's first: latents to 4 x 4 pixels
      .resnet(32, 3, taps: 3), .resnet(32, 128, taps: 3), .resnet(16, 128, taps: 3), .resnet(8, 128, taps: 3),
      .resnet(16, 3, taps: 1), .resnet(16, 128, taps: 1),  // shortcuts
    ]
    return layers.flatMap { $0.rows(batch: batch) }
  }

  private static func products(_ sizes: [Int]) -> [KernelRow] {
    sizes.map { n in
      KernelRow("product \(n)x\(n)", .product, flops: 2 * n * n * n, reals: 3 * n * n) { device in
        let (a, b) = (random([n, n], 1, on: device), random([n, n], 2, on: device))
        return { _ = matmul(a, b) }
      }
    }
  }

  // MARK: Normalization

  /// The moments are two passes, the second about the first; the gradient knows its sums only after a pass.
  private static func normalizations(batch: Int) -> [KernelRow] {
    [(64, 64), (32, 64), (16, 128), (8, 256), (4, 512)].flatMap { size, channels in
      let shape: Shape = [batch, size, size, channels]
      let name = "batch norm \(size)x\(size)x\(channels)"
      return [
        // Sum; subtract, square and add; subtract, scale and shift.
        KernelRow("\(name) forward", .normalization, flops: 7 * shape.count, reals: 4 * shape.count) { device in
          let x = random(shape, on: device)
          let (gamma, beta) = (Tensor(1, shape: [channels], on: device), Tensor(0, shape: [channels], on: device))
          return { _ = x.batchNormalized(moments: x.moments(), gamma: gamma, beta: beta, epsilon: 1e-5) }
        },
        // Sum of dy; subtract, multiply and add; twice subtract, multiply and add, scale.
        KernelRow("\(name) backward", .normalization, flops: 9 * shape.count, reals: 5 * shape.count) { device in
          let tape = Tape()
          let x = tape.watch(random(shape, 1, on: device)), dy = random(shape, 2, on: device)
          let gamma = tape.watch(Tensor(1, shape: [channels], on: device))
          let beta = tape.watch(Tensor(0, shape: [channels], on: device))
          let y = x.batchNormalized(moments: x.moments(), gamma: gamma, beta: beta, epsilon: 1e-5)
          return { _ = gradient(of: y, wrt: [x, gamma, beta], gradOutput: dy) }
        },
      ]
    }
  }

  // MARK: Elementwise

  private static func pointwise(_ count: Int) -> [KernelRow] {
    /// A function of one array; `flops` and `gradientFLOPs` an element.
    func rows(
      _ name: String, flops: Int = 0, gradientFLOPs: Int? = nil, _ function: @escaping @Sendable (Tensor) -> Tensor
    ) -> [KernelRow] {
      let forward = KernelRow(name, .elementwise, flops: flops * count, reals: 2 * count) { device in
        let x = random([count], on: device)
        return { _ = function(x) }
      }
      guard let gradientFLOPs else { return [forward] }
      let backward = KernelRow(
        "\(name) gradient", .elementwise, flops: gradientFLOPs * count, reals: 3 * count
      ) { device in
        let x = Tape().watch(random([count], 1, on: device)), dy = random([count], 2, on: device)
        let y = function(x)
        return { _ = gradient(of: y, wrt: [x], gradOutput: dy) }
      }
      return [forward, backward]
    }
    let sum = KernelRow("add", .elementwise, flops: count, reals: 3 * count) { device in
      let (a, b) = (random([count], 1, on: device), random([count], 2, on: device))
      return { _ = a + b }
    }
    let functions = [
      rows("relu", gradientFLOPs: 0) { $0.relu() },
      rows("leaky relu", flops: 1, gradientFLOPs: 1) { $0.leakyReLU() },
      rows("tanh", gradientFLOPs: 3) { $0.tanh() },
      rows("sigmoid", gradientFLOPs: 3) { $0.sigmoid() },
      rows("elu") { $0.elu() }, rows("softplus") { $0.softplus() }, rows("swish") { $0.swish() },
      rows("gelu") { $0.gelu() },
    ]
    return [sum] + functions.flatMap(\.self)
  }

  private static func biases(_ count: Int) -> [KernelRow] {
    [64, 512].map { channels in
      let rows = count / channels
      return KernelRow("add bias \(rows)x\(channels)", .elementwise, flops: count, reals: 2 * count + channels) {
        device in
        let (x, bias) = (random([rows, channels], on: device), Tensor(1, shape: [channels], on: device))
        return { _ = x.adding(bias: bias) }
      }
    }
  }

  // MARK: Sums

  private static func reductions(_ count: Int) -> [KernelRow] {
    let rows: [(name: String, shape: Shape, axes: [Int])] = [
      ("all", [count], [0]), ("along rows", [count / 4096, 4096], [1]), ("down columns", [count / 4096, 4096], [0]),
      ("of channels", [count / 64, 64], [0]),
    ]
    return rows.map { name, shape, axes in
      let size = shape.sizes.map(String.init).joined(separator: "x")
      let outputs = shape.sizes.indices.filter { !axes.contains($0) }.map { shape[$0] }.reduce(1, *)
      return KernelRow("sum \(name) \(size)", .reduction, flops: count, reals: count + outputs) { device in
        let x = random(shape, on: device)
        return { _ = x.summed(over: axes) }
      }
    }
  }

  // MARK: Optimizers

  private static func adam(_ counts: [Int]) -> [KernelRow] {
    counts.flatMap { count in
      [false, true].map { isAveraged in
        // Weights, slope and two moments are read, all but the slope written; the average is read and written.
        KernelRow(
          "adam \(isAveraged ? "averaged " : "")\(abbreviated(count))", .optimizer,
          flops: (isAveraged ? 19 : 16) * count, reals: (isAveraged ? 9 : 7) * count
        ) { device in
          let layer = Dense(100, initializer: .constant(0.1))
          let random = RandomStream(seed: 1, stream: 0)
          let network = try Network(layer, input: [count / 100 - 1], random: random, on: device)
          let rule = OptimizerRule.adam
          let settings = OptimizerSettings(rate: 1e-4)
          var player = TrainableNetwork(network, rule, settings, emaDecay: isAveraged ? 0.999 : 0)
          let slope = Tensor(0.01, shape: [count], on: device)
          return { player.optimizer.update(player.network, along: slope, ema: player.emaUpdate) }
        }
      }
    }
  }

  /// 1,000,000 as 1M.
  private static func abbreviated(_ count: Int) -> String {
    count % 1_000_000 == 0 ? "\(count / 1_000_000)M" : "\(count)"
  }

  // MARK: Random numbers and tables

  private static func draws(_ count: Int) -> [KernelRow] {
    let stream = RandomStream(seed: 1, stream: 0)
    return [
      KernelRow("philox uniform", .random, flops: 0, reals: count) { device in
        { _ = stream.uniform([count], step: 1, on: device) }
      },
      KernelRow("philox normal", .random, flops: 0, reals: count) { device in
        { _ = stream.normal([count], step: 1, on: device) }
      },
    ]
  }

  private static func gathers(_ count: Int) -> [KernelRow] {
    let (width, classes, batch) = (128, 1000, 64)
    /// Row numbers in no order that a cache could guess.
    @Sendable func indices(_ count: Int, below bound: Int, on device: Device) -> Tensor {
      Tensor((0..<count).map { Float($0 * 40_503 % bound) }, shape: [count], on: device)
    }
    return [
      KernelRow("gather \(count) of 50000x\(width)", .gather, flops: 0, reals: count * (2 * width + 1)) { device in
        let (table, rows) = (random([50_000, width], on: device), indices(count, below: 50_000, on: device))
        return { _ = table.gathered(rows) }
      },
      KernelRow(
        "gather gradient \(batch) into \(classes)x\(width)", .gather, flops: batch * width,
        reals: batch * (width + 1) + classes * width
      ) { device in
        let table = Tape().watch(random([classes, width], 1, on: device))
        let y = table.gathered(indices(batch, below: classes, on: device)), dy = random([batch, width], 2, on: device)
        return { _ = gradient(of: y, wrt: [table], gradOutput: dy) }
      },
    ]
  }
}
