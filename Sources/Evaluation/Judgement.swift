/// The divergence between a generator's samples and two kinds of real ones: those it was trained on, and others.
///
/// A generator that repeats its training images is near to those and far from the others: the gap shows it.
public struct Judgement: Sendable {
  public let train: IndependentCritic.Reading
  public let heldOut: IndependentCritic.Reading
  /// The value over the steps of the critic of held-out images: whether it had settled.
  public let course: [(step: Int, value: Double)]

  /// How much farther the held-out images are.
  public var gap: Double { heldOut.mean - train.mean }
  /// The gap's standard error.
  public var gapError: Double { (train.error * train.error + heldOut.error * heldOut.error).squareRoot() }
}

extension IndependentCritic {
  /// Judges by one critic, trained on held-out images and read on others (Danihelka et al. 2017).
  ///
  /// It is read on no real image that it learned from: what it learned by heart helps it on neither side, so that
  /// without memorising the gap is 0 on average, and each value at most the divergence.
  ///
  /// - Parameters:
  ///   - fake: The generator's samples.
  ///   - fitting: Held-out samples that the critic learns from.
  ///   - train: Samples that the generator was trained on.
  ///   - heldOut: Held-out samples that the critic does not learn from.
  ///   - progress: As for `trained`.
  /// - Throws: As `trained`.
  public func judge(
    fake: Samples, fitting: Samples, train: Samples, heldOut: Samples,
    progress: (_ step: Int, _ steps: Int) -> Void = { _, _ in }
  ) throws -> Judgement {
    let critic = try trained(real: fitting, fake: fake, progress: progress)
    return Judgement(
      train: try critic.value(real: train, fake: fake), heldOut: try critic.value(real: heldOut, fake: fake),
      course: critic.course)
  }

  /// Judges by two critics, each trained on the images that it is read on (Gulrajani, Raffel and Metz 2019).
  ///
  /// Both learn some of their images by heart, so that both values are too high, the more the fewer images there are:
  /// give as many of either kind.
  ///
  /// - Throws: As `trained`.
  public func judge(
    fake: Samples, train: Samples, heldOut: Samples, progress: (_ step: Int, _ steps: Int) -> Void = { _, _ in }
  ) throws -> Judgement {
    let first = try trained(real: train, fake: fake) { progress($0, 2 * $1) }
    let second = try trained(real: heldOut, fake: fake) { progress($1 + $0, 2 * $1) }
    return Judgement(
      train: try first.value(real: train, fake: fake), heldOut: try second.value(real: heldOut, fake: fake),
      course: second.course)
  }
}
