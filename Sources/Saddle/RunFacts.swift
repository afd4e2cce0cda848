import Foundation

/// What a run was trained with, as far as its configuration does not say it: the content of `facts.json`.
public struct RunFacts: Sendable, Codable, Equatable {
  public var device: String
  public var data: String
  public var generatorParameters: Int
  public var discriminatorParameters: Int
  /// The number of the numerical contract.
  public var contract: String
  /// What the images are known by, to tell whether the run goes on with the same; nil where there are none.
  public var fingerprint: String?

  /// Those of a folder; nil where nobody has written them there.
  public init?(of directory: RunDirectory) {
    guard let data = try? OpenFile.bytes(of: directory.facts),
      let facts = try? JSONDecoder().decode(Self.self, from: Data(data))
    else { return nil }
    self = facts
  }

  init(_ run: TrainingRun) {
    (device, data, contract) = (run.device.name, run.dataSummary, run.device.contract.description)
    fingerprint = run.fingerprint
    generatorParameters = run.trainer.generator.network.weights.shape.count
    discriminatorParameters = run.trainer.discriminator.network.weights.shape.count
  }

  func write(to directory: RunDirectory) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try directory.write(facts: String(decoding: try encoder.encode(self), as: UTF8.self) + "\n")
  }
}
