import Foundation
import Testing

private func sigmoid(_ x: Double) -> Double { x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)) }
private func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

/// A row of the f-GAN paper's tables in plain doubles, as printed; the conjugates are clamped where f ends at u = 0.
struct PrintedDivergence: Sendable, CustomTestStringConvertible {
  let name: String
  let f: @Sendable (Double) -> Double
  /// T* = f'(u), with its value at u = 1, the threshold.
  let slope: @Sendable (Double) -> Double
  let threshold: Double
  let conjugate: @Sendable (Double) -> Double
  let activation, activationSlope: @Sendable (Double) -> Double
  /// f*(g(v)) and its derivative, worked out by hand where the table's formulas overflow.
  let composition, compositionSlope: @Sendable (Double) -> Double
  /// Where the composition or the activation passes 0 at no round place: what they are the difference of, there.
  var magnitude = 0.0
  var testDescription: String { name }

  static let all: [PrintedDivergence] = [
    PrintedDivergence(
      name: "total-variation", f: { abs($0 - 1) / 2 }, slope: { $0 > 1 ? 0.5 : ($0 < 1 ? -0.5 : 0) }, threshold: 0,
      conjugate: { max($0, -0.5) }, activation: { tanh($0) / 2 },
      activationSlope: { 2 * sigmoid(2 * $0) * sigmoid(-2 * $0) },
      composition: { tanh($0) / 2 }, compositionSlope: { 2 * sigmoid(2 * $0) * sigmoid(-2 * $0) }),
    PrintedDivergence(
      name: "kl", f: { $0 * log($0) }, slope: { 1 + log($0) }, threshold: 1, conjugate: { exp($0 - 1) },
      activation: { $0 }, activationSlope: { _ in 1 }, composition: { exp($0 - 1) }, compositionSlope: { exp($0 - 1) }),
    PrintedDivergence(
      name: "reverse-kl", f: { -log($0) }, slope: { -1 / $0 }, threshold: -1, conjugate: { -1 - log(-$0) },
      activation: { -exp(-$0) }, activationSlope: { exp(-$0) }, composition: { $0 - 1 }, compositionSlope: { _ in 1 }),
    PrintedDivergence(
      name: "pearson", f: { ($0 - 1) * ($0 - 1) }, slope: { 2 * ($0 - 1) }, threshold: 0,
      conjugate: { $0 < -2 ? -1 : $0 * $0 / 4 + $0 }, activation: { $0 }, activationSlope: { _ in 1 },
      composition: { $0 < -2 ? -1 : $0 * $0 / 4 + $0 }, compositionSlope: { max(0, $0 / 2 + 1) }),
    PrintedDivergence(
      name: "neyman", f: { (1 - $0) * (1 - $0) / $0 }, slope: { 1 - 1 / ($0 * $0) }, threshold: 0,
      conjugate: { 2 - 2 * (1 - $0).squareRoot() }, activation: { -expm1(-$0) }, activationSlope: { exp(-$0) },
      composition: { -2 * expm1(-$0 / 2) }, compositionSlope: { exp(-$0 / 2) }),
    PrintedDivergence(
      name: "squared-hellinger", f: { pow($0.squareRoot() - 1, 2) },
      slope: { ($0.squareRoot() - 1) * (1 / $0).squareRoot() },
      threshold: 0, conjugate: { $0 / (1 - $0) }, activation: { -expm1(-$0) }, activationSlope: { exp(-$0) },
      composition: { expm1($0) }, compositionSlope: { exp($0) }),
    PrintedDivergence(
      name: "jeffrey", f: { ($0 - 1) * log($0) }, slope: { 1 + log($0) - 1 / $0 }, threshold: 0,
      conjugate: { exp(lambertLogarithm($0)) + exp(-lambertLogarithm($0)) + $0 - 2 },
      activation: { $0 }, activationSlope: { _ in 1 },
      // W + t is 1 - log W; f*'(t) is the u with f'(u) = t, which is 1 / W.
      composition: { expm1(-lambertLogarithm($0)) - lambertLogarithm($0) },
      compositionSlope: { exp(-lambertLogarithm($0)) }),
    PrintedDivergence(
      name: "jensen-shannon", f: { -($0 + 1) * log((1 + $0) / 2) + $0 * log($0) }, slope: { log(2 * $0 / ($0 + 1)) },
      threshold: 0, conjugate: { -log(2 - exp($0)) }, activation: { $0 < -700 ? $0 + log(2) : -log1p(expm1(-$0) / 2) },
      activationSlope: { sigmoid(-$0) },
      composition: { $0 > 700 ? $0 - log(2) : log1p(expm1($0) / 2) }, compositionSlope: { sigmoid($0) }),
    PrintedDivergence(
      name: "jensen-shannon-0.3", f: { 0.3 * $0 * log($0) - (0.7 + 0.3 * $0) * log(0.7 + 0.3 * $0) },
      slope: { 0.3 * log($0 / (0.7 + 0.3 * $0)) }, threshold: 0,
      conjugate: { 0.7 * log(0.7 / (1 - 0.3 * exp($0 / 0.3))) },
      activation: { -0.3 * log(0.3) - softplus(-$0) }, activationSlope: { sigmoid(-$0) },
      // Above 30, 1 - sigmoid(v)^(1/.3) is e^-v / .3.
      composition: {
        $0 > 30 ? 0.7 * (log(0.7) + $0 + log(0.3)) : 0.7 * (log(0.7) - log(-expm1(-softplus(-$0) / 0.3)))
      },
      compositionSlope: { $0 > 30 ? 0.7 : 0.7 / 0.3 * sigmoid(-$0) / expm1(softplus(-$0) / 0.3) }, magnitude: 1),
    PrintedDivergence(
      name: "gan", f: { $0 * log($0) - ($0 + 1) * log($0 + 1) }, slope: { log($0 / ($0 + 1)) }, threshold: -log(2),
      conjugate: { -log(1 - exp($0)) }, activation: { -softplus(-$0) }, activationSlope: { sigmoid(-$0) },
      composition: { softplus($0) }, compositionSlope: { sigmoid($0) }),
    PrintedDivergence(
      name: "alpha-0.5", f: { -4 * ($0.squareRoot() - 1 - ($0 - 1) / 2) }, slope: { -2 * (1 / $0.squareRoot() - 1) },
      threshold: 0, conjugate: { 2 / (1 - $0 / 2) - 2 }, activation: { 2 - softplus(-$0) },
      activationSlope: { sigmoid(-$0) },
      // 2 / (s / 2) - 2 for s = softplus(-v), which is e^-v above 40.
      composition: { $0 > 40 ? 4 * exp($0) - 2 : 4 / softplus(-$0) - 2 },
      compositionSlope: { $0 > 40 ? 4 * exp($0) : 4 * sigmoid(-$0) / pow(softplus(-$0), 2) }, magnitude: 2),
    PrintedDivergence(
      name: "alpha-3.0", f: { (pow($0, 3) - 1 - 3 * ($0 - 1)) / 6 }, slope: { ($0 * $0 - 1) / 2 }, threshold: 0,
      conjugate: { (pow(max(0, 2 * $0 + 1), 1.5) - 1) / 3 },
      activation: { $0 }, activationSlope: { _ in 1 }, composition: { expm1(1.5 * log1p(max(-1, 2 * $0))) / 3 },
      compositionSlope: { max(0, 2 * $0 + 1).squareRoot() }),
  ]

  /// log W(e^(1-t)), Lambert's W: the x with e^x + x = 1 - t, by bisection.
  private static let lambertLogarithm: @Sendable (Double) -> Double = { t in
    var (low, high) = t < 0 ? (0, -t) : (-t, 0)
    while case let middle = low + (high - low) / 2, middle > low, middle < high {
      if middle + expm1(middle) < -t { low = middle } else { high = middle }
    }
    return t < 0 ? low : high
  }
}
