import Devices
import Foundation
import Saddle

/// Readers of configurations, runs and what other programs make of them.
extension FuzzRow {
  static let runs: [FuzzRow] = [
    FuzzRow(
      name: "yaml", summary: "configurations as files", isText: true,
      seeds: {
        try ["ring", "dcgan64", "r3gan64", "semi-supervised"].map {
          ["config.yaml": Array(try Configuration(from: $0).yaml().utf8)]
        }
      },
      reader: { { _ = try Configuration(from: $0 + "/config.yaml").yaml() } }),
    FuzzRow(
      name: "settings", summary: "arguments of --set, one a line", isText: true,
      seeds: {
        // A few settings at a time, so that one that is refused does not hide all others.
        let all = Registry.standard.settings.map { "\($0.key)=\($0.standardText)" }.filter { !$0.contains("path") }
        return stride(from: 0, to: all.count, by: 4).map { start in
          ["settings": Array(all[start..<min(start + 4, all.count)].joined(separator: "\n").utf8)]
        }
      },
      reader: {
        { folder in
          let lines = try String(decoding: Data(contentsOf: URL(fileURLWithPath: folder + "/settings")), as: UTF8.self)
          let assignments = lines.split(separator: "\n").map(String.init)
          let configuration = try Configuration(from: "fashion", assignments: assignments)
          _ = (configuration.yaml(), configuration.cautions)
        }
      }),
    FuzzRow(
      name: "checkpoint", summary: "checkpoints, sealed again after their change",
      changes: { $0.hasSuffix(".safetensors") }, seeds: { [try trainedRun()] },
      repair: {
        Repair.headerLength(&$0)
        Repair.safetensors(&$0)
      },
      reader: {
        let device = try Device.open("cpu").device
        let trainer = try Trainer(try Configuration(from: "ring", assignments: tiny), on: device)
        return { folder in
          let (step, file) = try CheckpointStore(readingFrom: folder + "/checkpoints").loadLatest()
          try trainer.restore(file, step: step)
        }
      }),
    FuzzRow(
      name: "run", summary: "folders of runs, as runs and report read them",
      changes: { !$0.hasSuffix(".safetensors") && !$0.hasPrefix("events.") }, isText: true,
      seeds: { [try trainedRun()] },
      reader: {
        { folder in
          _ = try RunSummary(of: folder)
          let directory = try RunDirectory(opening: folder)
          let run = try Report.Run(reading: directory)
          try Report(title: run.name, runs: [run]).write(to: directory.report)
          _ = try EvaluationTable(directory.records()).groups
        }
      }),
    FuzzRow(
      name: "resume", summary: "folders of runs that go on for a step", changes: { !$0.hasPrefix("events.") },
      isText: true, writes: true, seeds: { [try trainedRun()] }, repair: Repair.safetensors,
      reader: {
        let device = try Device.open("cpu").device
        return { folder in
          let directory = try RunDirectory(opening: folder)
          let configuration = try Configuration(from: directory.configuration)
          // What a changed configuration may ask for is the business of the row of configurations.
          guard configuration.training.batch <= 64, configuration.model.width <= 64, configuration.training.steps < 100,
            configuration.evaluation.every == 0
          else { return }
          let checkpoint = try CheckpointStore(readingFrom: directory.checkpoints).loadLatest()
          let run = try TrainingRun(configuration, in: folder, from: checkpoint, on: device)
          _ = try run.train(progress: .silent, isInterrupted: { true })
        }
      }),
    FuzzRow(
      name: "state-dict", summary: "state dicts of PyTorch",
      seeds: {
        try made { folder in
          let network = try dcgan().generator.network
          let tensors = try PyTorchState(of: network).tensors(batches: 0)
          let path = folder + "/netG.safetensors"
          try SafetensorsFile(tensors: tensors).write(to: path)
          return [["netG.safetensors": [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))]]
        }
      },
      repair: {
        Repair.headerLength(&$0)
        Repair.safetensors(&$0)
      },
      reader: {
        let network = try dcgan().generator.network
        return { folder in
          let path = folder + "/netG.safetensors"
          try PyTorchState(of: network).read(try SafetensorsFile(readingFrom: path), path: path)
        }
      }),
    FuzzRow(
      name: "statistics", summary: "pytorch-fid's .npz: zip archives and arrays of NumPy",
      seeds: {
        try made { folder in
          let path = folder + "/statistics.npz"
          try FeatureMoments(count: 3, means: [1, 2], covariance: [2, 0, 0, 2]).write(to: path)
          return try [
            ["statistics.npz": [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))],
            ["statistics.npz": corpusFile("deflated.npz")],
          ]
        }
      }, repair: Repair.zip,
      reader: { { _ = try FeatureMoments(readingFrom: $0 + "/statistics.npz") } }),
    FuzzRow(
      name: "limits", summary: "what Linux says of a process and its control groups", isText: true,
      refuses: false,
      seeds: {
        [
          [
            "proc/self/status": Array("Name:\tx\nCpus_allowed:\t00000000,000000ff\n".utf8),
            "proc/self/cgroup": Array("0::/a\n".utf8), "sys/fs/cgroup/a/cpu.max": Array("150000 100000\n".utf8),
            "sys/fs/cgroup/memory.max": Array("8589934592\n".utf8),
            "sys/fs/cgroup/memory.current": Array("4096\n".utf8),
          ],
          [
            "proc/self/cgroup": Array("4:cpu,cpuacct:/a\n5:memory:/\n".utf8),
            "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": Array("50000\n".utf8),
            "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": Array("100000\n".utf8),
            "sys/fs/cgroup/memory/memory.limit_in_bytes": Array("1073741824\n".utf8),
          ],
        ]
      },
      reader: {
        { folder in
          let limits = HostLimits(root: folder)
          guard limits.threads > 0, limits.description(of: 64) != "" else {
            throw FuzzFinding(description: "limits: \(limits)")
          }
        }
      }),
    FuzzRow(
      name: "numpy", summary: "arrays of NumPy",
      seeds: {
        [
          ["array.npy": NumPyArray(shape: [2, 3], .float64([1, 2, 3, 4, 5, 6])).bytes],
          ["array.npy": NumPyArray(shape: [4], values: [1, 2, 3, 4]).bytes],
        ]
      }, reader: { { _ = try NumPyArray(readingFrom: $0 + "/array.npy").values.doubles } }),
  ]

  /// A game of points that is trained in no time.
  private static let tiny = [
    "model.width=4", "model.depth=1", "model.latent=2", "training.batch=4", "training.steps=3", "output.log-every=1",
    "output.sample-every=2",
  ]

  private static func dcgan() throws -> Trainer {
    try Trainer(
      try Configuration(from: "dcgan64", assignments: ["model.width=1", "model.latent=2", "data.path=."]),
      on: try Device.open("cpu").device)
  }

  /// The files of a run of three steps, with an evaluation and a warning.
  static func trainedRun() throws -> FuzzFiles {
    try made { folder in
      let path = folder + "/run"
      let configuration = try Configuration(from: "ring", assignments: tiny)
      let run = try TrainingRun(configuration, in: path, on: try Device.open("cpu").device)
      _ = try run.train(progress: .silent)
      try run.directory.append(warning: "step 2: the discriminator is always right")
      try run.directory.append(try evaluation())
      return try FuzzFiles(contentsOf: path)
    }
  }

  /// What an evaluation of step 3 might have found.
  private static func evaluation() throws -> EvaluationRecord {
    struct Fields: Encodable {
      let run = "run", data = "images", features = "random", step = 3, seconds = 1.5
      let report = EvaluationReport(
        conditions: EvaluationProtocol([("features", "random"), ("samples", "100")]),
        figures: [MetricValue(name: "FD-random", metric: "fid", value: 12.5, better: .smaller, generated: 100)],
        baseline: [MetricValue(name: "FD-random", metric: "fid", value: 0.5, better: .smaller, generated: 100)])
    }
    return try EvaluationRecord(json: String(decoding: JSONEncoder().encode(Fields()), as: UTF8.self))
  }
}
