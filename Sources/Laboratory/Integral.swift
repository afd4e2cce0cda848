import Foundation

/// The integral of a smooth function, by Simpson's rule on `pieces` pairs of intervals, in double.
func integral(over range: ClosedRange<Double>, pieces: Int = 4000, _ f: (Double) -> Double) -> Double {
  let h = (range.upperBound - range.lowerBound) / Double(2 * pieces)
  var sum = f(range.lowerBound) + f(range.upperBound)
  for i in 1..<2 * pieces { sum += (i % 2 == 1 ? 4 : 2) * f(range.lowerBound + Double(i) * h) }
  return sum * h / 3
}

/// The density of a normal distribution.
func normalDensity(_ x: Double, mean: Double = 0, standardDeviation: Double = 1) -> Double {
  let z = (x - mean) / standardDeviation
  return exp(-z * z / 2) / (standardDeviation * (2 * Double.pi).squareRoot())
}

/// The place below which a standard normal variable lies with probability `level`, by Newton's method on the
/// complementary error function.
func normalQuantile(_ level: Double) -> Double {
  guard level <= 0.5 else { return -normalQuantile(1 - level) }
  // The distribution function is convex here, so that every step from the right falls short, and none goes too far.
  var x = 0.0
  for _ in 0..<100 {
    let step = (erfc(-x / 2.0.squareRoot()) / 2 - level) / normalDensity(x)
    x -= step
    if abs(step) < 1e-13 * max(1, abs(x)) { break }
  }
  return x
}

/// The Jensen-Shannon divergence of N(0, 1) and N(distance, 1), in nats, by quadrature; there is no closed form.
func gaussianJSD(_ distance: Double) -> Double {
  integral(over: -10...10 + distance) { x in
    let (p, q) = (normalDensity(x), normalDensity(x, mean: distance))
    return (xlogx(p) + xlogx(q)) / 2 - xlogx((p + q) / 2)
  }
}

/// `x log x`, which is 0 at 0.
func xlogx(_ x: Double) -> Double { x > 0 ? x * log(x) : 0 }

/// The Jensen-Shannon divergence of two discrete distributions, in nats.
func jensenShannon(_ p: [Double], _ q: [Double]) -> Double {
  zip(p, q).reduce(0) { $0 + (xlogx($1.0) + xlogx($1.1)) / 2 - xlogx(($1.0 + $1.1) / 2) }
}

/// The Kullback-Leibler divergence KL(p ‖ q) of two discrete distributions, in nats; infinite where q misses what p
/// has.
func kullbackLeibler(_ p: [Double], _ q: [Double]) -> Double {
  zip(p, q).reduce(0) { $0 + ($1.0 > 0 ? $1.0 * log($1.0 / $1.1) : 0) }
}

extension Array where Element == Double {
  var mean: Double { reduce(0, +) / Double(count) }
  /// The unbiased estimate.
  var variance: Double {
    let mean = mean
    return reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
  }

  /// The value below which a share of the values lies, between the two next to it (Hyndman and Fan's type 7).
  func quantile(_ share: Double) -> Double {
    let sorted = sorted()
    let place = share * Double(count - 1)
    let below = Int(place)
    return sorted[below] + (place - Double(below)) * (sorted[Swift.min(below + 1, count - 1)] - sorted[below])
  }
}
