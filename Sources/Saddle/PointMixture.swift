import Adversaries

/// Gaussians of equal shares in the plane: the toy on which modes can be counted.
public struct PointMixture: Sendable {
  /// What `data.path` calls it.
  public let name: String
  public let centres: [(x: Double, y: Double)]
  /// Of each Gaussian, along both axes.
  public let standardDeviation: Double

  public init(name: String, centres: [(x: Double, y: Double)], standardDeviation: Double) {
    (self.name, self.centres, self.standardDeviation) = (name, centres, standardDeviation)
  }

  /// The mixtures that `data.path` can name.
  public static let all = [ring, grid]

  /// Eight on a circle of radius 1 (Lin et al. 2018, "PacGAN").
  public static let ring = PointMixture(
    name: "ring",
    centres: [
      (1, 0), (diagonal, diagonal), (0, 1), (-diagonal, diagonal), (-1, 0), (-diagonal, -diagonal), (0, -1),
      (diagonal, -diagonal),
    ], standardDeviation: 0.01)
  private static let diagonal = 0.5.squareRoot()

  /// The same paper's 25 on a square of side 8, all of it divided by 2.83: a variance near 1.
  public static let grid = PointMixture(
    name: "grid", centres: (0..<25).map { (x: gridPlaces[$0 / 5], y: gridPlaces[$0 % 5]) },
    standardDeviation: 0.05 / 2.83)
  private static let gridPlaces: [Double] = [-4, -2, 0, 2, 4].map { $0 / 2.83 }
}

extension Configuration {
  /// What a game of points is played for.
  ///
  /// - Throws: `ConfigurationError` where `data.path` names no mixture.
  public func pointMixture() throws(ConfigurationError) -> PointMixture {
    guard let mixture = PointMixture.all.first(where: { $0.name == data.path }) else {
      throw .contradiction(
        "model.architecture \(model.architecture) is trained on points: data.path must be one of "
          + PointMixture.all.map { $0.name }.joined(separator: ", ") + ", not '\(data.path)'")
    }
    return mixture
  }
}

/// Points of a mixture, drawn on the device: functions of (seed, batch). A point's class is its Gaussian.
public final class PointSource: SampleSource {
  private let mixture: PointMixture
  private let centres: Tensor
  /// The Gaussians' numbers, [modes, 1]; nil for games without classes.
  private let classes: Tensor?
  private let batch: Int
  private let seed: UInt64
  private var drawn: Int

  /// - Parameters:
  ///   - mixture: What is drawn from.
  ///   - batch: Points in a batch.
  ///   - seed: Of the points.
  ///   - first: Batches that were drawn before: a run that resumes goes on with the next.
  ///   - isLabelled: Whether each point comes with the number of its Gaussian in `mixture.centres`.
  ///   - device: Where they are drawn.
  public init(
    _ mixture: PointMixture, batch: Int, seed: UInt64, first: Int = 0, isLabelled: Bool = false, on device: Device
  ) {
    (self.mixture, self.batch, self.seed, drawn) = (mixture, batch, seed, first)
    let count = mixture.centres.count
    centres = Tensor(mixture.centres.flatMap { [$0.x, $0.y] }, shape: [count, 2], on: device)
    classes = isLabelled ? Tensor((0..<count).map(Double.init), shape: [count, 1], on: device) : nil
  }

  var summary: String {
    "\(mixture.name): \(mixture.centres.count) Gaussians of deviation \(mixture.standardDeviation) in the plane"
  }
  var count: Int { 100_000 }
  var fingerprint: String? { nil }

  /// The next batch, its samples [batch, 2] and, where they are labelled, its labels [batch].
  public func next() -> Batch {
    drawn += 1
    return points(batch, draw: drawn)
  }

  func next(unless isInterrupted: () -> Bool) -> Batch? { next() }

  /// Points [count, 2] of draw 1, 2, ..., the first `count` of that batch; labels [count] where they are labelled.
  public func points(_ count: Int, draw: Int) -> Batch {
    let choice = RandomStream(seed: seed, stream: RandomUse.points.rawValue)
    let noise = RandomStream(seed: seed, stream: RandomUse.pointNoise.rawValue)
    let modes = Double(centres.shape[0]) * choice.uniform([count], step: draw, on: centres.device)
    let offsets = noise.normal([count, 2], step: draw, on: centres.device)
    return Batch(
      centres.gathered(modes) + mixture.standardDeviation * offsets,
      labels: classes?.gathered(modes).reshaped(to: [count]))
  }

  func stop() {}
}
