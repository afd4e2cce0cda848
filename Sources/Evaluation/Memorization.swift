import Features

/// The nearest sample of one set for each of another, and its Euclidean distance.
///
/// - Throws: `MetricError` where a set is empty, or the sets do not fit each other.
public func nearestNeighbours(
  of features: Features, among others: Features
) throws(MetricError) -> [(index: Int, distance: Double)] {
  try Features.check("nearest neighbours", atLeast: 1, ["own": features, "other": others])
  return SquaredDistances(features, others).nearest(1).map { ($0[0].column, $0[0].distance.squareRoot()) }
}

/// Whether generated samples repeat training samples.
public struct Memorization: Sendable, Equatable {
  /// The share of generated samples nearer to a training sample than that one's own neighbour k among the others.
  public let share: Double
  /// The same of held-out real samples: what a generator that repeats nothing has. nil without held-out samples.
  public let heldOutShare: Double?
  /// The median over the generated samples of the distance to the nearest training sample over that to the nearest
  /// held-out one, with as many of either: about 1 where nothing is repeated, towards 0 where all is. nil without
  /// held-out samples.
  public let distanceRatio: Double?
}

/// Compares generated samples with their nearest training samples.
///
/// - Parameters:
///   - heldOut: Real samples that were not trained on; without them, what is natural is not known.
///   - neighbours: k, the neighbour whose distance counts as near.
/// - Throws: `MetricError` where the training set has no k neighbours, a set is empty, or sets do not fit each other.
public func memorization(
  generated: Features, training: Features, heldOut: Features? = nil, neighbours: Int = 1
) throws(MetricError) -> Memorization {
  precondition(neighbours > 0, "\(neighbours) neighbours")
  try Features.check("memorizing", atLeast: neighbours + 1, ["training": training])
  try Features.check("memorizing", atLeast: 1, ["training": training, "generated": generated])
  let radii = training.squaredRadii(neighbours: neighbours)
  func share(_ set: Features) -> Double {
    SquaredDistances(set, training).nearest(1).map { $0[0].distance < radii[$0[0].column] }.share
  }
  guard let heldOut else { return Memorization(share: share(generated), heldOutShare: nil, distanceRatio: nil) }
  try Features.check("memorizing", atLeast: 1, ["training": training, "held-out": heldOut])
  let count = min(training.count, heldOut.count)
  let near = SquaredDistances(generated, training.prefix(count)).nearest(1)
  let far = SquaredDistances(generated, heldOut.prefix(count)).nearest(1)
  let ratios = zip(near, far).map { near, far in
    // A sample that both sets hold is as near to either.
    near[0].distance == far[0].distance ? 1 : (near[0].distance / far[0].distance).squareRoot()
  }
  return Memorization(share: share(generated), heldOutShare: share(heldOut), distanceRatio: ratios.median)
}

extension Features {
  /// The first samples, without logits.
  fileprivate func prefix(_ count: Int) -> Features {
    Features(count: count, width: width, values: Array(values[..<(count * width)]))
  }
}

extension [Double] {
  /// The middle of the sorted values, or of the two middle ones.
  fileprivate var median: Double {
    let sorted = sorted()
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
  }
}
