import SaddleCLI

extension Metric {
  /// The mean of generated pixels over that of real ones.
  static let brightness = Metric(
    name: "brightness", summary: "mean pixel of samples over that of real images", paper: "an example",
    columns: [Column("brightness", .alike)], needs: [.images], least: 1
  ) { evidence in
    func mean(_ images: ImageBytes) -> Double {
      Double(images.bytes.reduce(0) { $0 + Int($1) }) / Double(max(images.bytes.count, 1))
    }
    guard let real = evidence.reference.images else { throw EvaluationError("there are no real images") }
    return [Metric.Measured(mean(evidence.samples) / max(mean(real), 1), generated: evidence.samples.count)]
  }
}
