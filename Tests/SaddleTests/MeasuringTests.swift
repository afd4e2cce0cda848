import Foundation
import Testing

@testable import Saddle

/// A step does the same whether its metrics are computed or not: a run that tells every step what it does ends in the
/// same bits as one that tells nothing. One preset for each objective, order of moves and kind of state.
@Test(arguments: [
  "ring", "ring-consensus", "ring-unrolled", "ring-pacgan", "ring-rpgan", "mlp", "fashion", "minimax", "hinge", "lsgan",
  "wgan-gp", "dragan", "sngan", "projection", "rpgan", "ragan", "preference", "ebgan-pt", "began", "cgan", "acgan",
  "infogan", "semi-supervised", "instance-noise", "minibatch-discrimination", "r3gan", "fgan-alpha-0.5",
])
func measuringMovesNoBit(preset: String) throws {
  let device = try Device.cpu()
  func state(measuring: Bool) throws -> [(name: String, bits: [UInt32])] {
    let configuration = try Configuration(
      from: preset,
      assignments: [
        "training.batch=4", "model.width=16", "optimizer.generator-lr=1e-2", "optimizer.discriminator-lr=1e-2",
      ])
    let trainer = try Trainer(configuration, on: device)
    let shape = Shape([4] + configuration.sampleShape.sizes)
    let classes = configuration.model.classes
    func labels(_ count: Int) -> Tensor? {
      classes > 0 ? Tensor((0..<count).map { Double($0 % classes) }, shape: [count], on: device) : nil
    }
    for _ in 0..<3 {
      _ = trainer.advance(measuring: measuring) {
        let samples = RandomStream(seed: 5, stream: 9).uniform(shape, step: trainer.drawn, on: device)
        let isTaught = configuration.data.labelled > 0
        return Batch(
          samples, labels: isTaught ? nil : labels(4), trueLabels: labels(4),
          labeledBatch: isTaught ? labels(4).map { Batch.Labeled(samples, labels: $0) } : nil)
      }
    }
    return try trainer.saved.map { ($0.name, try $0.tensor.scalars(as: Float.self).map(\.bitPattern)) }
  }
  let (silent, told) = (try state(measuring: false), try state(measuring: true))
  #expect(silent.map(\.name) == told.map(\.name) && !silent.isEmpty)
  for (one, other) in zip(silent, told) { #expect(one.bits == other.bits, "\(one.name)") }
}

/// The same of a whole run: its last checkpoint is the same file.
@Test func loggingMovesNoBit() throws {
  let folder = try TemporaryFolder()
  let device = try Device.cpu()
  let files = try [1, 10].map { every in
    let configuration = try Configuration(
      from: "ring",
      assignments: ["training.steps=20", "training.batch=32", "output.sample-every=0", "output.log-every=\(every)"])
    let run = try TrainingRun(configuration, in: folder.path + "/\(every)", on: device)
    #expect(try run.train(progress: .silent) == .finished)
    return try Data(contentsOf: URL(fileURLWithPath: run.directory.checkpoints + "/step-00000020.safetensors"))
  }
  #expect(files[0] == files[1])
}
