@testable import Tensors

/// A convolution as plain loops over images, output pixels, outputs, taps and inputs, whatever its groups.
private struct ConvolutionLoops {
  let geometry: ConvolutionGeometry
  let groups: Int
  let x, w, y: Shape

  init(_ c: ConvolutionCase) {
    (geometry, groups, x, w) = (c.geometry, c.groups, c.x, c.w)
    let (padding, stride, dilation) = (geometry.padding, geometry.stride, geometry.dilation)
    let p = (padding.top + x[1] + padding.bottom - dilation * (w[0] - 1) - 1) / stride + 1
    let q = (padding.left + x[2] + padding.right - dilation * (w[1] - 1) - 1) / stride + 1
    y = [x[0], p, q, w[3]]
  }

  /// Every term of the form <conv(x, w), y>, whose three gradients the three ops are: its elements of x, w and y.
  private func eachTerm(_ term: (_ x: Int, _ w: Int, _ y: Int) -> Void) {
    for pixel in 0..<(y[0] * y[1] * y[2]) {
      let (n, p, q) = (pixel / y[2] / y[1], pixel / y[2] % y[1], pixel % y[2])
      for tap in 0..<(w[0] * w[1]) {
        let h = p * geometry.stride + tap / w[1] * geometry.dilation - geometry.padding.top
        let v = q * geometry.stride + tap % w[1] * geometry.dilation - geometry.padding.left
        guard h >= 0, h < x[1], v >= 0, v < x[2] else { continue }
        for k in 0..<w[3] {
          let group = k / (w[3] / groups)
          for c in 0..<w[2] {
            term(((n * x[1] + h) * x[2] + v) * x[3] + group * w[2] + c, (tap * w[2] + c) * w[3] + k, pixel * w[3] + k)
          }
        }
      }
    }
  }

  func convolution(_ x: Grid, _ w: Grid) -> Grid {
    var sum = [Double](repeating: 0, count: y.count)
    eachTerm { sum[$2] += x.values[$0] * w.values[$1] }
    return Grid(y, sum)
  }

  /// The adjoint in x: what each output received is given back.
  func inputGradient(_ dy: Grid, _ w: Grid) -> Grid {
    var sum = [Double](repeating: 0, count: x.count)
    eachTerm { sum[$0] += dy.values[$2] * w.values[$1] }
    return Grid(x, sum)
  }

  func filterGradient(_ x: Grid, _ dy: Grid) -> Grid {
    var sum = [Double](repeating: 0, count: w.count)
    eachTerm { sum[$1] += x.values[$0] * dy.values[$2] }
    return Grid(w, sum)
  }

  func fused(_ x: Grid, _ w: Grid, bias: Grid, _ activation: FusedActivation) -> Grid {
    let y = convolution(x, w)
    return Grid(y.shape) { place in
      let z = y[place] + bias.values[place[3]]
      return switch activation {
      case .none: z
      case .relu: max(z, 0)
      case .relu6: min(max(z, 0), 6)
      }
    }
  }
}

/// Of the cases of ConvolutionCases.swift.
let convolutionDefinitions: [String: [Definition]] = [
  "conv2d": ConvolutionCase.all.map { c in { ConvolutionLoops(c).convolution($0[0], $0[1]) } },
  "conv2d_input_gradient": ConvolutionCase.all.map { c in { ConvolutionLoops(c).inputGradient($0[0], $0[1]) } },
  "conv2d_filter_gradient": ConvolutionCase.all.map { c in { ConvolutionLoops(c).filterGradient($0[0], $0[1]) } },
  "conv2d_bias_activation": ConvolutionCase.fused.map { c in
    { ConvolutionLoops(c.convolution).fused($0[0], $0[1], bias: $0[2], c.activation) }
  },
]
