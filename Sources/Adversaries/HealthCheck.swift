/// A sign that a game goes wrong, read off its metrics: a row of `HealthCheck.all`.
public struct HealthCheck: Sendable {
  /// A column of the metrics over the readings so far.
  public typealias Column = (_ name: String) -> [Double]

  public let name: String
  /// What happens, in plain words, and what helps.
  public let says: String
  /// Whether the last reading shows it.
  let isShown: @Sendable (Column) -> Bool

  public static let all: [HealthCheck] = [
    HealthCheck(
      name: "vanishing gradient",
      says:
        "the discriminator is right about nearly everything and the generator's gradient has all but vanished: use an "
        + "objective that keeps it (objective.name=non-saturating), blur both distributions (input.noise-std=0.1), "
        + "or bound the discriminator's slope (model.norm=spectral, regularizers.r1=1 with model.norm=none)"
    ) { column in
      let norms = column("generator_gradient_norm")
      guard let now = norms.last, let most = norms.prefix(50).max() else { return false }
      return now < 1e-3 * most && accuracy(column) > 0.98
    },
    HealthCheck(
      name: "mode collapse",
      says:
        "the generated samples differ far less from each other than the real ones: let the discriminator see several at once "
        + "(input.pack=2 or model.minibatch=stddev), or pair samples (objective.name=relativistic with regularizers.r1 and regularizers.r2)"
    ) { column in
      guard let now = column("sample_diversity").last else { return false }
      return now < 0.1
    },
    HealthCheck(
      name: "divergence",
      says:
        "a loss has grown a hundredfold and goes on growing: lower optimizer.generator-lr and optimizer.discriminator-lr, or "
        + "keep the discriminator's slope in bounds (regularizers.r1, regularizers.gradient-penalty, model.norm=spectral)"
    ) { column in
      ["discriminator_loss", "generator_loss"].contains { name in
        let sizes = column(name).map(\.magnitude)
        guard sizes.count >= 20, let now = sizes.last else { return false }
        let early = sizes.prefix(10).sorted()[5]
        return now > 100 * max(early, 1) && now > 1.5 * sizes[sizes.count - 10]
      }
    },
    HealthCheck(
      name: "dead discriminator",
      says:
        "the discriminator tells real from generated no better than a coin, and hardly learns: raise optimizer.discriminator-lr or "
        + "training.discriminator-steps, or weaken what binds it (regularizers, objective.clip, input.noise-std)"
    ) { column in
      let norms = column("discriminator_gradient_norm")
      guard let now = norms.last, let most = norms.prefix(50).max() else { return false }
      return now < 1e-3 * most && abs(accuracy(column) - 0.5) < 0.02
    },
    HealthCheck(
      name: "saturated outputs",
      says: "nearly all values of the generated samples are at tanh's limits, where it has no gradient: lower "
        + "optimizer.generator-lr, and see that the data are not black and white alone"
    ) { column in
      guard let now = column("saturated_share").last else { return false }
      return now > 0.97
    },
  ]

  /// The share of right decisions on real and generated samples together, at the last reading.
  private static func accuracy(_ column: Column) -> Double {
    let shares = ["discriminator_accuracy_real", "discriminator_accuracy_fake"].compactMap { column($0).last }
    return shares.reduce(0, +) / Double(max(shares.count, 1))
  }
}

/// Follows a game's metrics and tells of the signs that hold for a while.
public struct TrainingMonitor {
  /// Readings in a row that a sign must show before it is told.
  public static let patience = 20
  private var readings: [String: [Double]] = [:]
  private var shown: [String: Int] = [:]

  public init() {}

  /// Takes a row of metrics.
  ///
  /// - Returns: The signs that have now held long enough; each is told once, and again only after it has gone.
  public mutating func read(_ row: [(name: String, value: Double)]) -> [HealthCheck] {
    for (name, value) in row { readings[name, default: []].append(value) }
    let readings = readings
    return HealthCheck.all.filter { sign in
      let isShown = sign.isShown { readings[$0] ?? [] }
      shown[sign.name] = isShown ? (shown[sign.name] ?? 0) + 1 : 0
      return shown[sign.name] == Self.patience
    }
  }

  /// The deviation of a column over the last readings, as many as patience lasts.
  public func standardDeviation(of name: String) -> Double {
    let last = (readings[name] ?? []).suffix(Self.patience)
    guard last.count > 1 else { return 0 }
    let mean = last.reduce(0, +) / Double(last.count)
    return (last.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(last.count - 1)).squareRoot()
  }
}
