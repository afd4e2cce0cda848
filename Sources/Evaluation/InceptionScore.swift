import Datasets
import Features
import Foundation

/// The Inception score: exp of the mean of KL(p(y | x) ‖ p(y)), in each of several splits of the samples, where p(y) is
/// the split's mean of p(y | x). From 1 (all samples look alike, or nothing is recognised) to the number of classes.
///
/// Source: Salimans et al. 2016, "Improved techniques for training GANs" (arXiv 1606.03498).
///
/// - Parameters:
///   - features: With logits [count][classes]; their softmax is p(y | x).
///   - splits: Split i holds the samples from i·count/splits on.
///   - seed: Shuffles the samples before; nil leaves them in their order, as torch-fidelity's `samples_shuffle=False`.
///     Its own shuffle is NumPy's, and gives other splits.
/// - Returns: Mean and deviation over the splits.
/// - Throws: `MetricError` where there are no logits, numbers that are not finite, or fewer samples than splits.
public func inceptionScore(_ features: Features, splits: Int = 10, seed: UInt64? = nil) throws(MetricError) -> Spread {
  precondition(splits > 0, "\(splits) splits")
  let (count, classes) = (features.count, features.classes)
  guard classes > 0 else {
    throw MetricError("the Inception score needs a classifier's logits, and this extractor has none: choose another")
  }
  guard count >= splits else {
    throw MetricError("the Inception score in \(splits) splits needs as many samples, and there are \(count)")
  }
  guard features.logits.allSatisfy(\.isFinite) else {
    throw MetricError("the Inception score: a logit is not finite: images, or the network that made them, are broken")
  }
  var order = Array(0..<count)
  if let seed {
    var stream = PhiloxStream(seed: seed, epoch: 0, purpose: .splits)
    order = stream.choice(of: count, from: count)
  }
  return Spread(
    (0..<splits).map { split in
      let rows = order[split * count / splits..<(split + 1) * count / splits]
      var (marginal, negativeEntropy) = ([Double](repeating: 0, count: classes), 0.0)
      for row in rows {
        for (k, logarithm) in features.logProbabilities(row).enumerated() {
          let probability = exp(logarithm)
          marginal[k] += probability / Double(rows.count)
          negativeEntropy += probability * logarithm / Double(rows.count)
        }
      }
      // The mean of Σ p (log p - log q) is the mean of Σ p log p less Σ q log q.
      return exp(negativeEntropy - marginal.reduce(0) { $1 > 0 ? $0 + $1 * log($1) : $0 })
    })
}

extension Features {
  /// The logarithm of the softmax of one sample's logits, in double.
  func logProbabilities(_ row: Int) -> [Double] {
    let logits = logits[row * classes..<(row + 1) * classes].map(Double.init)
    let largest = logits.max() ?? 0
    let logSum = largest + log(logits.reduce(0) { $0 + exp($1 - largest) })
    return logits.map { $0 - logSum }
  }
}
