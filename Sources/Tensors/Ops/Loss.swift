// Fused losses on logits (Kernels/cl/loss.cl).

extension Op {
  public static func crossEntropy(target: Double) -> Op {
    pointwise("cross_entropy", kernel: .crossEntropy, ["target": target], saved: .inputs) {
      [crossEntropyGradient(target: target)($0.dy, $0.x)]
    }
  }
  public static func crossEntropyGradient(target: Double) -> Op {
    pointwise("cross_entropy_gradient", kernel: .crossEntropyGradient, ["target": target], saved: .inputs) { p in
      let s = p.x(1).sigmoid()
      return [
        p.ifWanted(0) { crossEntropyGradient(target: target)(p.dy, p.x(1)) },
        p.ifWanted(1) { p.dy * p.x(0) * (s * (1 - s)) },
      ]
    }
  }

  static let lossRows: [OpRow] = [
    OpRow("cross_entropy", [0, 1, 0.9].map { .init(crossEntropy(target: $0), [[31]], [.between(-4, 4)]) }),
    OpRow("cross_entropy_gradient", [0, 1, 0.9].map { .init(crossEntropyGradient(target: $0), [[31], [31]]) }),
  ]
}

extension Tensor {
  /// The cross entropy of the probability sigmoid(x) against a target probability, an element each: `softplus(x) -
  /// target x`, free of overflow.
  public func crossEntropy(target: Double) -> Tensor { Op.crossEntropy(target: target)(self) }
}

extension Kernel {
  fileprivate static let crossEntropy = named("cross_entropy")
  fileprivate static let crossEntropyGradient = named("cross_entropy_gradient")
}
