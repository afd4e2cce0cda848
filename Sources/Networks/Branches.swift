/// The sum of two branches over the same inputs (He et al. 2016): parts "main" and "shortcut". A shortcut without
/// layers is the input itself.
public struct Residual: Layer {
  public let main, shortcut: Sequential
  public init(main: [any Layer], shortcut: [any Layer] = []) {
    (self.main, self.shortcut) = (Sequential(main), Sequential(shortcut))
  }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    let outputs = try [("main", main), ("shortcut", shortcut)].map { (name, branch) throws(NetworkError) in
      try declarations.nested(name) { (nested) throws(NetworkError) in try branch.declare(input, &nested) }
    }
    guard outputs[0] == outputs[1] else {
      throw NetworkError(
        "\(declarations.place): the branches of Residual give \(outputs[0]) and \(outputs[1]); they must agree")
    }
    return outputs[0]
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let y = main.apply(x, &pass)
    return y + shortcut.apply(x, &pass)
  }
}

/// Marks its inputs as the network's features, which `Network.evaluate` returns; of several marks the last counts.
public struct FeatureMark: Layer {
  public init() {}
  public func declare(_ input: Shape, _ declarations: inout Declarations) -> Shape { input }
  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    pass.features = x
    return x
  }
}

/// Images with each pixel repeated `factor` times along both axes: nearest-neighbour upsampling.
public struct Upsample: Layer {
  public let factor: Int
  public init(by factor: Int = 2) { self.factor = factor }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    guard input.rank == 3, factor > 0 else {
      throw NetworkError(
        "\(declarations.place): Upsample by \(factor) takes images [height, width, channels], not \(input)")
    }
    return [input[0] * factor, input[1] * factor, input[2]]
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor { x.upsampled(by: factor) }
}

/// Images averaged over squares of `factor` pixels.
public struct Downsample: Layer {
  public let factor: Int
  public init(by factor: Int = 2) { self.factor = factor }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    guard input.rank == 3, factor > 0, input[0] % factor == 0, input[1] % factor == 0 else {
      throw NetworkError(
        "\(declarations.place): Downsample by \(factor) takes images [height, width, channels] whose sides are multiples of "
          + "\(factor), not \(input)")
    }
    return [input[0] / factor, input[1] / factor, input[2]]
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor { x.downsampled(by: factor) }
}

/// Images to one number a channel: the sum or the mean over their pixels.
public enum GlobalPooling: Layer {
  case sum, mean

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    guard input.rank == 3 else {
      throw NetworkError(
        "\(declarations.place): GlobalPooling takes images [height, width, channels], not \(input)")
    }
    return [input[2]]
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    self == .sum ? x.summed(over: [1, 2]) : x.mean(over: [1, 2])
  }
}

/// Some of the features of flat inputs.
public struct Slice: Layer {
  public let range: Range<Int>
  public init(_ range: Range<Int>) { self.range = range }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    guard input.rank == 1, range.lowerBound >= 0, range.upperBound <= input[0] else {
      throw NetworkError("\(declarations.place): Slice needs flat inputs that have the features \(range), not \(input)")
    }
    return [range.count]
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor { x.features(range) }
}

extension Tensor {
  /// Some features of [N, features].
  func features(_ range: Range<Int>) -> Tensor {
    sliced(from: [0, range.lowerBound], shape: [shape[0], range.count])
  }
}
