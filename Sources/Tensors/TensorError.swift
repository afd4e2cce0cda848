/// What does not fit where tensors meet. Operators and methods of `Tensor` stop the process with the message;
/// `Op.applied` and `Tape.gradient` throw it.
public enum TensorError: Error, Sendable, CustomStringConvertible {
  case shape(ShapeError)
  /// Two devices, or two precisions, which are devices of their own.
  case devices(op: String, String, String)
  case tapes(op: String)
  /// The device failed, now or before: `Device.clearFailure` makes one usable again that ran out of memory.
  case device(DeviceError)
  /// A value that a gradient needs was written to in place since it was saved.
  case overwritten(op: String, what: String, shape: Shape)
  /// A gradient that the tape cannot give.
  case gradient(String)

  public var description: String {
    switch self {
    case .shape(let error): error.description
    case .devices(let op, let one, let other): "\(op): its inputs are on two devices, \(one) and \(other)"
    case .tapes(let op): "\(op): its inputs are on two tapes"
    case .device(let error): error.description
    case .overwritten(let op, let what, let shape):
      "gradient of \(op): \(what), of shape \(shape), was written to in place after it was saved for this; take the "
        + "gradient before the write, or write to a copy"
    case .gradient(let reason): "gradient: \(reason)"
    }
  }
}
