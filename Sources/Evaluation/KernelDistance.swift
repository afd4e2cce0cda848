import Datasets
import Features

/// The kernel distance of two sets of features: the squared maximum mean discrepancy, without bias, with the polynomial
/// kernel (x·y / width + 1)³, over random subsets. On Inception-v3's features it is the KID. Slightly negative values
/// are right: those of equal distributions are 0 on average.
///
/// MMD² = Σ_{i≠j} k(xᵢ, xⱼ) / (m (m - 1)) + Σ_{i≠j} k(yᵢ, yⱼ) / (m (m - 1)) - 2 Σ_{i,j} k(xᵢ, yⱼ) / m²
///
/// Source: Bińkowski et al. 2018, "Demystifying MMD GANs" (arXiv 1801.01401). Subsets are drawn without replacement by
/// Philox from the seed: numbers differ from torch-fidelity's, which draws by NumPy, as those of two of its seeds do.
///
/// - Parameters:
///   - subsets: How many subsets of either set.
///   - size: Samples of a subset. Where it is all samples of both sets, one subset is all there is.
/// - Returns: Mean and deviation over the subsets.
/// - Throws: `MetricError` where a set has fewer samples than a subset, or the sets do not fit each other.
public func kernelDistance(
  _ first: Features, _ second: Features, subsets: Int = 100, size: Int = 1000, seed: UInt64
) throws(MetricError) -> Spread {
  precondition(subsets > 0 && size > 1, "\(subsets) subsets of \(size)")
  try Features.check("the kernel distance (subsets of \(size))", atLeast: size, ["first": first, "second": second])
  let isWhole = size == first.count && size == second.count
  return Spread(
    (0..<(isWhole ? 1 : subsets)).map { subset in
      var stream = PhiloxStream(seed: seed, epoch: subset, purpose: .subsets)
      let one = stream.choice(of: size, from: first.count)
      let other = stream.choice(of: size, from: second.count)
      return squaredDiscrepancy(first.doubles(one), second.doubles(other), width: first.width)
    })
}

/// MMD² of x and y [count][width], as many rows of each.
func squaredDiscrepancy(_ x: [Double], _ y: [Double], width: Int, by algebra: LinearAlgebra = .standard) -> Double {
  let count = x.count / width
  var products = [Double](repeating: 0, count: count * count)
  /// The kernel's sum over all pairs, or over those of different indices.
  func sum(_ x: [Double], _ y: [Double], withDiagonal: Bool) -> Double {
    products.withUnsafeMutableBufferPointer { products in
      guard let start = products.baseAddress else { return 0 }
      algebra.product(x, y, into: start, rows: count, columns: count, depth: width)
      var total = 0.0
      for i in 0..<count {
        var sum = 0.0
        for j in 0..<count where withDiagonal || i != j {
          let base = products[i * count + j] / Double(width) + 1
          sum += base * base * base
        }
        total += sum
      }
      return total
    }
  }
  let pairs = Double(count) * Double(count - 1)
  return sum(x, x, withDiagonal: false) / pairs + sum(y, y, withDiagonal: false) / pairs
    - 2 * sum(x, y, withDiagonal: true) / (Double(count) * Double(count))
}
