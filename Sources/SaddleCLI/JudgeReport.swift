import Foundation
import Saddle

/// What an independent critic found, with all that decides it.
struct JudgeReport: Encodable {
  struct Value: Encodable {
    let value: Double
    /// Over batches.
    let standardDeviation: Double?
    let standardError: Double
  }
  struct Point: Encodable {
    let step: Int
    let value: Double
  }

  let train, heldOut, gap: Value
  let objective, estimates: String
  let run: String
  let step: Int
  /// Raw or average.
  let weights: String
  let statistics: String
  /// What is judged: images or points.
  let kind: String
  let trainData, heldOutData: String
  let trainImages, fittingImages, heldOutImages: Int
  let critics, discriminatorSteps, batch, readings: Int
  let rate, emaDecay: Double
  let penalties: [String]
  let seed: UInt64
  let seconds: Double
  /// The value over the critic's steps.
  let course: [Point]

  init(
    _ judgement: Judgement, _ critic: IndependentCritic, isDivergenceOfNetworks: Bool, run: String, step: Int,
    weights: String, statistics: String, kind: String, names: (train: String, heldOut: String),
    counts: (train: Int, fitting: Int, heldOut: Int), seconds: Double
  ) {
    func value(_ reading: IndependentCritic.Reading) -> Value {
      Value(value: reading.mean, standardDeviation: reading.standardDeviation, standardError: reading.error)
    }
    (train, heldOut) = (value(judgement.train), value(judgement.heldOut))
    gap = Value(value: judgement.gap, standardDeviation: nil, standardError: judgement.gapError)
    objective = isDivergenceOfNetworks ? "neural-network divergence" : critic.objective.name
    estimates =
      isDivergenceOfNetworks
      ? "E r - E f - 10 E (|grad D| - 1)^2: W + W^2 / 40 for a linear critic" : critic.objective.estimates
    (self.run, self.step, self.weights, self.statistics) = (run, step, weights, statistics)
    (self.kind, trainData, heldOutData) = (kind, names.train, names.heldOut)
    (trainImages, fittingImages, heldOutImages) = counts
    (critics, discriminatorSteps, batch, readings) = (
      isDivergenceOfNetworks ? 2 : 1, critic.steps, critic.batch, critic.readings
    )
    (rate, emaDecay, seed) = (critic.optimizer.rate, critic.emaDecay, critic.seed)
    penalties = critic.regularizers.map { "\($0.regularizer.name) \(Self.number($0.weight))" }
    self.seconds = seconds
    course = judgement.course.map { Point(step: $0.step, value: $0.value) }
  }

  var text: String {
    func row(_ name: String, _ value: Value) -> String {
      func cell(_ text: String) -> String { String(repeating: " ", count: max(0, 11 - text.count)) + text }
      return name.padding(toLength: 10, withPad: " ", startingAt: 0) + cell(Self.number(value.value))
        + cell(Self.number(value.standardError)) + cell(value.standardDeviation.map(Self.number) ?? "")
    }
    let isOne = critics == 1
    return [
      "                value      error        std",
      row("train", train), row("held-out", heldOut), row("gap", gap),
      "",
      "objective  \(objective); at its optimum the critic's loss is \(estimates)",
      "generator  \(run) after step \(step), \(weights) weights, \(statistics) statistics",
      "train      \(trainImages) \(kind) of \(trainData)",
      "held-out   \(heldOutImages) \(kind) of \(heldOutData)"
        + (isOne ? ", and \(fittingImages) that the critic learned from" : ""),
      "critic     \(isOne ? "one" : "two, one of each kind"), \(discriminatorSteps) steps of \(batch), Adam "
        + "\(Self.number(rate)) falling to 0, EMA \(Self.number(emaDecay))"
        + penalties.map { ", \($0)" }.joined(),
      "read on    \(readings) batches of \(batch), as many generated; seed \(seed); errors are those of the means",
    ].joined(separator: "\n")
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  private static func number(_ value: Double) -> String { String(format: "%.4g", value + 0) }
}
