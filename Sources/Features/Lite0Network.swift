import Networks

/// The layers of EfficientNet-Lite0 at inference: batch normalization is folded into the convolutions before it, by ops
/// on tensors as the weights are loaded.
struct Lite0Network {
  /// Hands out a weight by its name and shape.
  typealias Source = (_ name: String, _ shape: Shape) throws(FeatureError) -> Tensor

  /// Blocks alike, one after the other; the first of them has the stride.
  private struct Stage {
    let blocks, kernel, stride, expansion, outputs: Int
  }
  private static let stages = [
    Stage(blocks: 1, kernel: 3, stride: 1, expansion: 1, outputs: 16),
    Stage(blocks: 2, kernel: 3, stride: 2, expansion: 6, outputs: 24),
    Stage(blocks: 2, kernel: 5, stride: 2, expansion: 6, outputs: 40),
    Stage(blocks: 3, kernel: 3, stride: 2, expansion: 6, outputs: 80),
    Stage(blocks: 3, kernel: 5, stride: 1, expansion: 6, outputs: 112),
    Stage(blocks: 4, kernel: 5, stride: 2, expansion: 6, outputs: 192),
    Stage(blocks: 1, kernel: 3, stride: 1, expansion: 6, outputs: 320),
  ]

  /// A filter with the normalization after it in it, and the bias that this leaves.
  private struct Folded {
    let filter, bias: Tensor
  }

  /// An inverted residual block (Sandler et al. 2018): wider, filtered channel by channel, narrower.
  private struct Block {
    let expansion: Folded?
    let depthwise: Folded
    let stride: Int
    let projection: Folded
    let isResidual: Bool

    func callAsFunction(_ x: Tensor) -> Tensor {
      var y = x
      if let expansion { y = conv2d(y, expansion.filter, bias: expansion.bias, activation: .relu6) }
      let geometry = ConvolutionGeometry.same(y.shape[1], taps: depthwise.filter.shape[0], stride: stride)
      let (filter, channels) = (depthwise.filter.shape, y.shape[3])
      y = conv2d(
        y, depthwise.filter.reshaped(to: [filter[0], filter[1], 1, channels]), bias: depthwise.bias, geometry,
        groups: channels, activation: .relu6)
      y = conv2d(y, projection.filter, bias: projection.bias, activation: .none)
      return isResidual ? y + x : y
    }
  }

  private let stem: Folded
  private let blocks: [Block]
  private let head: Folded
  private let classifier: Folded

  init(_ source: Source) throws(FeatureError) {
    func folded(_ name: String, _ shape: Shape, _ normalization: String) throws(FeatureError) -> Folded {
      let filter = try source(name + ".weight", shape)
      func constants(_ what: String) throws(FeatureError) -> Tensor {
        try source("\(normalization).\(what)", [shape[-1]])
      }
      let (gamma, beta) = (try constants("weight"), try constants("bias"))
      let (mean, variance) = (try constants("running_mean"), try constants("running_var"))
      let scale = gamma / (variance + 1e-3).squareRoot()
      return Folded(filter: filter * scale, bias: beta - mean * scale)
    }
    stem = try folded("_conv_stem", [3, 3, 3, 32], "_bn0")
    var blocks: [Block] = []
    var channels = 32
    for stage in Self.stages {
      for number in 0..<stage.blocks {
        let (name, wide) = ("_blocks.\(blocks.count)", stage.expansion * channels)
        let stride = number == 0 ? stage.stride : 1
        blocks.append(
          Block(
            expansion: stage.expansion == 1
              ? nil : try folded("\(name)._expand_conv", [1, 1, channels, wide], "\(name)._bn0"),
            depthwise: try folded("\(name)._depthwise_conv", [stage.kernel, stage.kernel, wide], "\(name)._bn1"),
            stride: stride,
            projection: try folded("\(name)._project_conv", [1, 1, wide, stage.outputs], "\(name)._bn2"),
            isResidual: stride == 1 && channels == stage.outputs))
        channels = stage.outputs
      }
    }
    self.blocks = blocks
    head = try folded("_conv_head", [1, 1, channels, 1280], "_bn1")
    classifier = Folded(filter: try source("_fc.weight", [1280, 1000]), bias: try source("_fc.bias", [1000]))
  }

  /// The pooled features [N, 1280] and the logits [N, 1000] of images [N, 224, 224, 3] in (-1, 1].
  func callAsFunction(_ images: Tensor) -> (features: Tensor, logits: Tensor) {
    // TensorFlow's padding "SAME": at stride 2, the one zero lies below and to the right.
    let (n, size) = (images.shape[0], images.shape[1])
    let padded = images.padded(to: [n, size + 1, size + 1, 3], at: [0, 0, 0, 0])
    var y = conv2d(padded, stem.filter, bias: stem.bias, .init(stride: 2), activation: .relu6)
    for block in blocks { y = block(y) }
    let features = conv2d(y, head.filter, bias: head.bias, activation: .relu6).mean(over: [1, 2])
    return (features, affineProduct(features, classifier.filter, bias: classifier.bias))
  }
}
