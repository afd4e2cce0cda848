// What a run must keep to go on to the bit.

extension Trainer {
  /// Everything that must be saved to go on to the bit, by name.
  public var saved: [(name: String, tensor: Tensor)] {
    generator.state("generator") + discriminator.state("discriminator")
      + variables.compactMap { variable in state[variable.name].map { (variable.name, $0) } }
  }

  /// How far the game is.
  public struct Counts: Sendable {
    /// Generator steps done.
    public var step: Int
    /// Batches drawn.
    public var drawn: Int
    /// Discriminator steps done.
    public var discriminatorStep: Int
    public init(step: Int, drawn: Int, discriminatorStep: Int) {
      (self.step, self.drawn, self.discriminatorStep) = (step, drawn, discriminatorStep)
    }

    /// Each by the name under which it is saved.
    public var all: [(name: String, value: Int)] {
      [("step", step), ("drawn", drawn), ("discriminator-step", discriminatorStep)]
    }
  }

  public var counts: Counts { Counts(step: step, drawn: drawn, discriminatorStep: discriminator.optimizer.step) }

  /// Goes on after given counts; the tensors of `state` are to be written by the caller.
  public func resume(at counts: Counts) {
    (step, drawn) = (counts.step, counts.drawn)
    generator.optimizer.step = counts.step
    discriminator.optimizer.step = counts.discriminatorStep
  }
}
