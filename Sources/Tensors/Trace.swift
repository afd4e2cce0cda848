/// A computation in ops, as a tape saw it: what an exporter writes down in another language.
///
/// What does not depend on the inputs is not there: it was computed once, and is a constant.
public struct Trace {
  /// Where an input of a step comes from.
  public enum Source {
    case input(Int)
    case step(Int)
    case constant(Tensor)
  }

  /// One op and what it was applied to.
  public struct Step {
    public let op: Op
    public let inputs: [Source]
    public let inputShapes: [Shape]
    public let shape: Shape
    /// In which layers, from the outside in: for messages.
    public let place: [String]
  }

  public let inputs: [Shape]
  /// In the order in which they were computed; each comes after those that it needs.
  public let steps: [Step]
  public let output: Source
  public let outputShape: Shape

  /// Runs a computation, and keeps every step of it.
  ///
  /// - Parameter inputs: What it depends on, all on one device.
  public init(_ inputs: [Tensor], on device: Device, of computation: ([Tensor]) -> Tensor) {
    var steps: [Step] = []
    // By the tape's numbers: what is watched comes first, and every op is one node.
    func source(_ x: Tensor) -> Source {
      guard x.isRecorded else { return .constant(x) }
      return x.node < inputs.count ? .input(x.node) : .step(x.node - inputs.count)
    }
    let (before, places) = (device.anomalyDetector, AnomalyDetector())
    device.anomalyDetector = places
    defer { device.anomalyDetector = before }
    let tape = Tape { op, inputs, y in
      steps.append(
        Step(
          op: op, inputs: inputs.map(source), inputShapes: inputs.map(\.shape), shape: y.shape, place: places.place))
    }
    let y = computation(inputs.map(tape.watch))
    (self.inputs, self.steps, output, outputShape) = (inputs.map(\.shape), steps, source(y), y.shape)
  }
}
