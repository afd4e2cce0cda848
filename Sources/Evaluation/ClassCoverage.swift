import Features
import Foundation

/// Which of the real classes a generator makes, as a classifier sees it.
public struct ClassCoverage: Sendable, Equatable {
  /// Classes that own enough confident samples, of those that real samples have.
  public let covered: Int
  public let classes: Int
  /// The share of samples whose class has at least the wanted probability.
  public let confidentShare: Double
  /// KL(generated ‖ real) of the classes' shares, all samples counted, in nats: as Stacked MNIST is judged. Infinite
  /// where a class is generated that real samples do not have.
  public let divergence: Double
  /// The share of each class among the generated samples.
  public let shares: [Double]
}

/// Counts the classes of generated samples.
///
/// A class is covered where confident samples of it are at least `leastShare` of what its share of real samples would
/// give. Sources: Metz et al. 2017, "Unrolled generative adversarial networks" (arXiv 1611.02163) and Lin et al. 2018,
/// "PacGAN" (arXiv 1712.04086), who count a class from its first sample on (`leastShare` 0, `confidence` 0).
///
/// - Parameters:
///   - generated: With logits.
///   - realShares: Each class's share of the real samples, such as `classShares` of theirs.
///   - confidence: The probability from which on a sample is confident.
/// - Throws: `MetricError` where there are no logits, no samples, or another number of classes.
public func classCoverage(
  of generated: Features, realShares: [Double], leastShare: Double = 0.2, confidence: Double = 0.9
) throws(MetricError) -> ClassCoverage {
  let shares = try classShares(of: generated)
  guard realShares.count == shares.count else {
    throw MetricError(
      "the classifier tells \(shares.count) classes apart, the real shares are of \(realShares.count): use one of them")
  }
  var (confident, confidentCount) = ([Double](repeating: 0, count: shares.count), 0)
  for row in 0..<generated.count {
    let (choice, logarithm) = generated.choice(row)
    guard exp(logarithm) >= confidence else { continue }
    confident[choice] += 1
    confidentCount += 1
  }
  let real = realShares.indices.filter { realShares[$0] > 0 }
  let covered = real.filter {
    confident[$0] >= max(1, leastShare * realShares[$0] * Double(generated.count))
  }
  var divergence = 0.0
  for (own, real) in zip(shares, realShares) where own > 0 { divergence += own * log(own / real) }
  return ClassCoverage(
    covered: covered.count, classes: real.count, confidentShare: Double(confidentCount) / Double(generated.count),
    divergence: divergence, shares: shares)
}

/// The share of each class among samples, each counted for its most probable one.
///
/// - Throws: `MetricError` where there are no logits or no samples, or numbers that are not finite.
public func classShares(of features: Features) throws(MetricError) -> [Double] {
  guard features.classes > 0 else {
    throw MetricError("classes are counted by a classifier's logits, and this extractor has none: choose another")
  }
  guard features.count > 0 else { throw MetricError("classes of no samples cannot be counted: give some") }
  guard features.logits.allSatisfy(\.isFinite) else {
    throw MetricError("classes: a logit is not finite: images, or the network that made them, are broken")
  }
  var shares = [Double](repeating: 0, count: features.classes)
  for row in 0..<features.count { shares[features.choice(row).class] += 1 }
  return shares.map { $0 / Double(features.count) }
}

extension Features {
  /// The most probable class of a sample, the first of equals, and the logarithm of its probability.
  fileprivate func choice(_ row: Int) -> (class: Int, logProbability: Double) {
    let logarithms = logProbabilities(row)
    let best = logarithms.indices.reduce(0) { logarithms[$1] > logarithms[$0] ? $1 : $0 }
    return (best, logarithms[best])
  }
}
