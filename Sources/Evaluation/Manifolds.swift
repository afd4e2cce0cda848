import Features

/// Precision and recall: the share of generated samples within the manifold of the real ones, and of real ones within
/// that of the generated. A set's manifold is the balls around its samples, each as large as the distance of its
/// neighbour k, its surface included.
///
/// Source: Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing generative models" (arXiv
/// 1904.06991). A sample is not its own neighbour: k is torch-fidelity's `prc_neighborhood`.
///
/// - Throws: `MetricError` where a set has no k neighbours, or the sets do not fit each other.
public func precisionRecall(
  real: Features, generated: Features, neighbours: Int = 3
) throws(MetricError) -> (precision: Double, recall: Double) {
  precondition(neighbours > 0, "\(neighbours) neighbours")
  let name = "precision and recall by \(neighbours) neighbours"
  try Features.check(name, atLeast: neighbours + 1, ["real": real, "generated": generated])
  let radii = (real: real.squaredRadii(neighbours: neighbours), own: generated.squaredRadii(neighbours: neighbours))
  var isPrecise = [Bool](repeating: false, count: generated.count)
  var isRecalled = [Bool](repeating: false, count: real.count)
  let between = SquaredDistances(generated, real)
  between.forEachRow { row, first, distances in
    for (j, distance) in distances.enumerated() {
      let column = first + j
      if !isPrecise[row] {
        isPrecise[row] = between.isWithin(distance, radii.real[column], row, column, orOn: true)
      }
      if !isRecalled[column] {
        isRecalled[column] = between.isWithin(distance, radii.own[row], row, column, orOn: true)
      }
    }
  }
  return (isPrecise.share, isRecalled.share)
}

/// Density and coverage: how many of the real samples' balls a generated sample lies in, over k, on average; and the
/// share of real samples with a generated one in their ball. A ball is as large as the distance of the real sample's
/// neighbour k, its surface excluded. Density may exceed 1.
///
/// Source: Naeem et al. 2020, "Reliable fidelity and diversity metrics for generative models" (arXiv 2002.09797). A
/// sample is not its own neighbour: k is the prdc package's `nearest_k`.
///
/// - Throws: `MetricError` where the real set has no k neighbours, or the sets do not fit each other.
public func densityCoverage(
  real: Features, generated: Features, neighbours: Int = 5
) throws(MetricError) -> (density: Double, coverage: Double) {
  precondition(neighbours > 0, "\(neighbours) neighbours")
  let name = "density and coverage by \(neighbours) neighbours"
  try Features.check(name, atLeast: neighbours + 1, ["real": real])
  try Features.check(name, atLeast: 1, ["real": real, "generated": generated])
  let radii = real.squaredRadii(neighbours: neighbours)
  var (inside, isCovered) = (0, [Bool](repeating: false, count: real.count))
  let between = SquaredDistances(generated, real)
  between.forEachRow { row, first, distances in
    for (j, distance) in distances.enumerated() {
      let column = first + j
      guard between.isWithin(distance, radii[column], row, column, orOn: false) else { continue }
      inside += 1
      isCovered[column] = true
    }
  }
  return (Double(inside) / Double(neighbours * generated.count), isCovered.share)
}

extension [Bool] {
  /// How many are true, of all.
  var share: Double { Double(count { $0 }) / Double(count) }
}
