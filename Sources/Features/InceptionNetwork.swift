import Tensors

/// A convolution without bias, batch norm (epsilon 1e-3) and ReLU: `BasicConv2d` of the PyTorch ports.
struct InceptionUnit {
  /// Its path in a state dict.
  let name: String
  let outputs: Int
  let rows, columns: Int
  let stride: Int
  /// Zeros that keep the size at stride 1, or none.
  let isPadded: Bool
  var padding: ImagePadding { isPadded ? .init(rows: rows / 2, columns: columns / 2) : .init() }

  init(_ name: String, _ outputs: Int, _ rows: Int = 1, _ columns: Int = 1, stride: Int = 1, isPadded: Bool = true) {
    (self.name, self.outputs, self.rows, self.columns) = (name, outputs, rows, columns)
    (self.stride, self.isPadded) = (stride, isPadded)
  }
}

/// A step from images to images. All pools have windows of 3 x 3.
enum InceptionStep {
  case unit(InceptionUnit)
  /// At stride 1, padded.
  case averagePool
  case maximumPool(stride: Int, padding: Int)
  /// Branches over the same images, their outputs side by side.
  indirect case branches([[InceptionStep]])
}

/// Inception-v3 (Szegedy et al. 2016) as its two PyTorch ports have it: tables of steps, with the tensors' names.
///
/// Both are right copies of their originals. The network of the FID papers (TensorFlow's frozen graph of 2015-12-05, as
/// pytorch-fid and torch-fidelity ported it) takes means without the zeros around the image, and a maximum where the
/// paper has the last mean.
enum InceptionNetwork: String, CaseIterable {
  case fid = "inception-v3 of the FID papers"
  case torchvision = "inception-v3 of torchvision"

  /// Outputs of the fully connected layer, by which files are told apart.
  var classes: Int { self == .fid ? 1008 : 1000 }
  var countsPadding: Bool { self == .torchvision }
  static let size = 299
  static let features = 2048

  var steps: [InceptionStep] {
    let lastPool = self == .fid ? InceptionStep.maximumPool(stride: 1, padding: 1) : .averagePool
    return [
      .unit(.init("Conv2d_1a_3x3", 32, 3, 3, stride: 2, isPadded: false)),
      .unit(.init("Conv2d_2a_3x3", 32, 3, 3, isPadded: false)),
      .unit(.init("Conv2d_2b_3x3", 64, 3, 3)),
      .maximumPool(stride: 2, padding: 0),
      .unit(.init("Conv2d_3b_1x1", 80)),
      .unit(.init("Conv2d_4a_3x3", 192, 3, 3, isPadded: false)),
      .maximumPool(stride: 2, padding: 0),
      Self.blockA("Mixed_5b", pooled: 32), Self.blockA("Mixed_5c", pooled: 64), Self.blockA("Mixed_5d", pooled: 64),
      Self.blockB("Mixed_6a"),
      Self.blockC("Mixed_6b", 128), Self.blockC("Mixed_6c", 160), Self.blockC("Mixed_6d", 160),
      Self.blockC("Mixed_6e", 192),
      Self.blockD("Mixed_7a"),
      Self.blockE("Mixed_7b", pool: .averagePool), Self.blockE("Mixed_7c", pool: lastPool),
    ]
  }

  private typealias Unit = (_ name: String, _ outputs: Int, _ rows: Int, _ columns: Int) -> InceptionStep
  private static func units(of block: String) -> Unit {
    { .unit(.init("\(block).\($0)", $1, $2, $3)) }
  }
  private static func halving(_ name: String, _ outputs: Int) -> InceptionStep {
    .unit(.init(name, outputs, 3, 3, stride: 2, isPadded: false))
  }

  private static func blockA(_ name: String, pooled: Int) -> InceptionStep {
    let unit = units(of: name)
    return .branches([
      [unit("branch1x1", 64, 1, 1)],
      [unit("branch5x5_1", 48, 1, 1), unit("branch5x5_2", 64, 5, 5)],
      [unit("branch3x3dbl_1", 64, 1, 1), unit("branch3x3dbl_2", 96, 3, 3), unit("branch3x3dbl_3", 96, 3, 3)],
      [.averagePool, unit("branch_pool", pooled, 1, 1)],
    ])
  }

  private static func blockB(_ name: String) -> InceptionStep {
    let unit = units(of: name)
    return .branches([
      [halving("\(name).branch3x3", 384)],
      [unit("branch3x3dbl_1", 64, 1, 1), unit("branch3x3dbl_2", 96, 3, 3), halving("\(name).branch3x3dbl_3", 96)],
      [.maximumPool(stride: 2, padding: 0)],
    ])
  }

  private static func blockC(_ name: String, _ inner: Int) -> InceptionStep {
    let unit = units(of: name)
    return .branches([
      [unit("branch1x1", 192, 1, 1)],
      [unit("branch7x7_1", inner, 1, 1), unit("branch7x7_2", inner, 1, 7), unit("branch7x7_3", 192, 7, 1)],
      [
        unit("branch7x7dbl_1", inner, 1, 1), unit("branch7x7dbl_2", inner, 7, 1), unit("branch7x7dbl_3", inner, 1, 7),
        unit("branch7x7dbl_4", inner, 7, 1), unit("branch7x7dbl_5", 192, 1, 7),
      ],
      [.averagePool, unit("branch_pool", 192, 1, 1)],
    ])
  }

  private static func blockD(_ name: String) -> InceptionStep {
    let unit = units(of: name)
    return .branches([
      [unit("branch3x3_1", 192, 1, 1), halving("\(name).branch3x3_2", 320)],
      [
        unit("branch7x7x3_1", 192, 1, 1), unit("branch7x7x3_2", 192, 1, 7), unit("branch7x7x3_3", 192, 7, 1),
        halving("\(name).branch7x7x3_4", 192),
      ],
      [.maximumPool(stride: 2, padding: 0)],
    ])
  }

  private static func blockE(_ name: String, pool: InceptionStep) -> InceptionStep {
    let unit = units(of: name)
    return .branches([
      [unit("branch1x1", 320, 1, 1)],
      [
        unit("branch3x3_1", 384, 1, 1),
        .branches([[unit("branch3x3_2a", 384, 1, 3)], [unit("branch3x3_2b", 384, 3, 1)]]),
      ],
      [
        unit("branch3x3dbl_1", 448, 1, 1), unit("branch3x3dbl_2", 384, 3, 3),
        .branches([[unit("branch3x3dbl_3a", 384, 1, 3)], [unit("branch3x3dbl_3b", 384, 3, 1)]]),
      ],
      [pool, unit("branch_pool", 192, 1, 1)],
    ])
  }
}

extension InceptionNetwork {
  /// Every unit with the channels that it sees, in the order of the table.
  var units: [(unit: InceptionUnit, inputs: Int)] {
    var found: [(unit: InceptionUnit, inputs: Int)] = []
    _ = Self.channels(after: steps, from: 3) { found.append(($0, $1)) }
    return found
  }

  private static func channels(
    after steps: [InceptionStep], from inputs: Int, visit: (InceptionUnit, Int) -> Void
  ) -> Int {
    steps.reduce(inputs) { inputs, step in
      switch step {
      case .unit(let unit):
        visit(unit, inputs)
        return unit.outputs
      case .averagePool, .maximumPool: return inputs
      case .branches(let branches):
        return branches.map { channels(after: $0, from: inputs, visit: visit) }.reduce(0, +)
      }
    }
  }

  /// The tensors of a state dict, by name and in PyTorch's layouts: filters [out][in][rows][columns].
  var tensors: [(name: String, shape: [Int])] {
    var tensors: [(name: String, shape: [Int])] = []
    for (unit, inputs) in units {
      tensors.append((unit.name + ".conv.weight", [unit.outputs, inputs, unit.rows, unit.columns]))
      for part in ["weight", "bias", "running_mean", "running_var"] {
        tensors.append(("\(unit.name).bn.\(part)", [unit.outputs]))
      }
    }
    return tensors + [("fc.weight", [classes, Self.features]), ("fc.bias", [classes])]
  }
}
