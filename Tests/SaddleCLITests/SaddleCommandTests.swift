import Foundation
import Testing

/// The command as its users have it: a process, its output, its exit code.
struct Command {
  static let binary = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    .appendingPathComponent("saddle")

  struct Outcome {
    let status: Int32
    let output: String
  }

  /// Runs `saddle` and returns when it has ended; `whileRunning` may act on it meanwhile.
  static func run(
    _ arguments: [String], by program: URL = binary, environment: [String: String] = [:],
    in folder: String = NSTemporaryDirectory(), whileRunning: (Process) throws -> Void = { _ in }
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let log = URL(fileURLWithPath: NSTemporaryDirectory() + "saddle-log-" + UUID().uuidString)
    try Data().write(to: log)
    defer { try? FileManager.default.removeItem(at: log) }
    let handle = try FileHandle(forWritingTo: log)
    (process.standardOutput, process.standardError) = (handle, handle)
    try process.run()
    try whileRunning(process)
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, output: try String(contentsOf: log, encoding: .utf8))
  }
}

final class TemporaryFolder {
  let path = NSTemporaryDirectory() + "saddle-" + UUID().uuidString
  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A call that must fail: its arguments, exit code, and the words that its message must hold.
struct BadCall: Sendable, CustomTestStringConvertible {
  let arguments: [String]
  var environment: [String: String] = [:]
  let status: Int32
  let words: [String]
  var testDescription: String { arguments.joined(separator: " ") + environment.map { " \($0)=\($1)" }.joined() }
}

@Test(arguments: [
  BadCall(arguments: ["trian"], status: 2, words: ["no command 'trian'", "did you mean 'train'?"]),
  BadCall(arguments: ["judge", "/nowhere"], status: 1, words: ["/nowhere", "holds no run"]),
  BadCall(
    arguments: ["judge", "/nowhere", "--objective", "hing"], status: 2, words: ["'hing'", "did you mean hinge?"]),
  BadCall(arguments: ["judge", "/nowhere", "--exact"], status: 2, words: ["--exact goes with --nnd"]),
  BadCall(
    arguments: ["judge", "/nowhere", "--split", "1.5"], status: 2,
    words: ["'1.5'", "--split", "a number between 0 and 1"]),
  BadCall(arguments: ["evaluate"], status: 2, words: ["Name a run's folder", "--list"]),
  BadCall(arguments: ["evaluate", "/nowhere"], status: 1, words: ["/nowhere", "holds no run"]),
  BadCall(arguments: ["evaluate", "/nowhere", "--metrics", "fid,kit"], status: 2, words: ["'kit'", "kid"]),
  BadCall(arguments: ["evaluate", "/nowhere", "--features", "randon"], status: 2, words: ["did you mean random?"]),
  BadCall(arguments: ["evaluate", "/nowhere", "--features", "inception"], status: 2, words: ["inception:FILE"]),
  BadCall(
    arguments: ["evaluate", "/nowhere", "--count", "1"], status: 2, words: ["'1'", "--count", "from 2 to 1000000"]),
  BadCall(arguments: ["evaluate", "/nowhere", "--weights", "mean"], status: 2, words: ["'mean'", "ema or raw"]),
  BadCall(arguments: ["evaluate", "/a", "/b", "--from", "step-1"], status: 2, words: ["--from goes with one run"]),
  BadCall(
    arguments: ["evaluate", "/a", "--statistics", "a", "--export-statistics", "b"], status: 2,
    words: ["leave --statistics away"]),
  BadCall(arguments: ["train"], status: 2, words: ["Name a preset", "fashion"]),
  BadCall(arguments: ["train", "fashio"], status: 1, words: ["fashio", "fashion"]),
  BadCall(
    arguments: ["train", "fashion", "--set", "trainin.batch=3"], status: 1, words: ["trainin.batch", "training.batch"]),
  BadCall(
    arguments: ["train", "fashion", "--set", "training.batch=0"], status: 1, words: ["training.batch", "from 1 to"]),
  BadCall(
    arguments: ["train", "fashion", "--set", "model.size=48", "--dry-run"], status: 1,
    words: ["model.size", "32, 64, 128"]),
  BadCall(arguments: ["train", "dcgan64", "--device", "cpu"], status: 1, words: ["nothing to train on", "--data"]),
  BadCall(
    arguments: ["train", "dcgan64", "--data", "/nowhere", "--device", "cpu"], status: 1,
    words: ["/nowhere", "no such file or folder"]),
  BadCall(arguments: ["train", "--resume", "--out", "/nowhere"], status: 1, words: ["/nowhere"]),
  BadCall(arguments: ["train", "fashion", "--from", "step-1"], status: 2, words: ["--resume"]),
  BadCall(arguments: ["train", "fashion", "--device", "gpu"], status: 1, words: ["'gpu' names no device", "opencl"]),
  BadCall(arguments: ["train", "fashion", "--device", "opencl:9:9"], status: 1, words: ["opencl:9:9"]),
  BadCall(
    arguments: ["train", "fashion", "--device", "opencl"], environment: ["SADDLE_OPENCL_LIBRARY": "/nonexistent"],
    status: 1,
    words: ["OpenCL", "--device cpu"]),
  BadCall(
    arguments: ["train", "fashion"], environment: ["SADDLE_ISA": "avx9"], status: 1, words: ["avx9", "SADDLE_ISA"]),
  BadCall(
    arguments: ["bench", "step", "--device", "cpu"], environment: ["SADDLE_MEMORY": "100"], status: 1,
    words: ["out of memory", "were asked for", "of 100 MiB", "smaller batch"]),
  BadCall(arguments: ["lab"], status: 2, words: ["Name an experiment", "dirac", "--list"]),
  BadCall(arguments: ["lab", "dirca"], status: 1, words: ["'dirca'", "did you mean dirac?"]),
  BadCall(arguments: ["lab", "dirac", "--scale", "0"], status: 2, words: ["'0'", "--scale", "above 0 and at most 1"]),
  BadCall(arguments: ["bench", "features", "--batch", "0"], status: 2, words: ["'0'", "--batch", "from 1 to 65536"]),
  BadCall(arguments: ["bench", "step", "--steps", "0"], status: 2, words: ["'0'", "--steps", "from 1 to 1000000"]),
  BadCall(
    arguments: ["bench", "kernels", "--filter", "dcgan64 sideways", "--filter", "nothing"], status: 1,
    words: ["'dcgan64 sideways' or of 'nothing'", "--list"]),
  BadCall(
    arguments: ["bench", "kernels", "--compare", "/nowhere.json"], status: 1,
    words: ["/nowhere.json", "No such file", "--json"]),
  BadCall(
    arguments: ["bench", "kernels", "--compare", "/proc/self/status"], status: 1, words: ["it is no report of"]),
  BadCall(
    arguments: ["bench", "kernels", "--json", "/nowhere/new.json"], status: 1, words: ["/nowhere/new.json", "folder"]),
  BadCall(arguments: ["tune", "--minutes", "0"], status: 2, words: ["--minutes", "above 0"]),
  BadCall(arguments: ["tune", "--device", "gpu"], status: 1, words: ["'gpu' names no device"]),
  BadCall(arguments: ["sample", "/nowhere"], status: 1, words: ["/nowhere"]),
  BadCall(arguments: ["sample", "/nowhere", "--show", "neighbors"], status: 2, words: ["did you mean neighbours?"]),
  BadCall(
    arguments: ["sample", "/nowhere", "--show", "classes", "--truncate", "1"], status: 2,
    words: ["leave", "--truncate"]),
  BadCall(arguments: ["report"], status: 2, words: ["<folders>"]),
  BadCall(arguments: ["report", "/nowhere"], status: 1, words: ["/nowhere", "holds no run"]),
  BadCall(arguments: ["report", "/nowhere", "--out", "x.pdf"], status: 2, words: [".html", "x.pdf"]),
  BadCall(arguments: ["report", "a", "a"], status: 2, words: ["named twice"]),
  BadCall(arguments: ["train", "fashion", "--seeds", "0"], status: 2, words: ["'0'", "--seeds", "from 1 to 10000"]),
  BadCall(arguments: ["sample", "/nowhere", "--out", "x.jpg"], status: 2, words: [".png", ".npy", ".zip", "x.jpg"]),
  BadCall(
    arguments: ["export", "/nowhere", "--format", "onnx", "--out", "x.onnx"], status: 1, words: ["holds no run"]),
  BadCall(
    arguments: ["export", "/nowhere", "--format", "onxn", "--out", "x.onnx"], status: 2, words: ["onxn", "onnx"]),
  BadCall(
    arguments: ["import", "/nowhere.safetensors", "--preset", "fashion", "--out", "run", "--device", "cpu"], status: 1,
    words: ["/nowhere.safetensors", "No such file"]),
  BadCall(
    arguments: ["import", "/etc/passwd", "--preset", "fashion", "--out", "run", "--device", "cpu"], status: 1,
    words: ["/etc/passwd", "not a safetensors file"]),
  BadCall(
    arguments: ["import", "x.safetensors", "--preset", "fashio", "--out", "run"], status: 1,
    words: ["fashio", "fashion"]),
])
func badCallsGetOneClearMessage(call: BadCall) throws {
  let folder = try TemporaryFolder()
  let outcome = try Command.run(call.arguments, environment: call.environment, in: folder.path)
  #expect(outcome.status == call.status, "\(outcome.output)")
  for word in call.words { #expect(outcome.output.contains(word), "\(outcome.output)") }
  #expect(!outcome.output.contains("Fatal error"))
  #expect(
    try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty, "a failed call leaves nothing behind")
}

private let tiny = ["--set", "model.width=8", "--set", "training.batch=4", "--device", "cpu"]

/// Trains, samples, interrupts and resumes as a user would.
@Test func aRunFromStartToSamples() throws {
  let folder = try TemporaryFolder()
  let run = folder.path + "/run"
  let trained = try Command.run(["train", "fashion", "--steps", "12", "--out", run] + tiny)
  #expect(trained.status == 0, "\(trained.output)")
  #expect(trained.output.contains("60000 images") && trained.output.contains("step 12/12"))
  #expect(FileManager.default.fileExists(atPath: run + "/samples/step-00000012.png"))
  let rows = try String(contentsOfFile: run + "/metrics.jsonl", encoding: .utf8).split(separator: "\n")
  let columns = try #require(try JSONSerialization.jsonObject(with: Data(rows[rows.count - 1].utf8)) as? [String: Any])
  for name in [
    "step", "epoch", "discriminator_loss", "generator_loss", "discriminator_accuracy_real",
    "discriminator_accuracy_fake",
    "discriminator_gradient_norm", "generator_gradient_norm", "images_per_second",
  ] { #expect(columns[name] != nil, "\(name) is no column") }

  #expect(try Command.run(["train", "fashion", "--out", run] + tiny).output.contains("--resume"))
  let resumed = try Command.run(["train", "--resume", "--out", run, "--steps", "14", "--device", "cpu"])
  #expect(resumed.status == 0 && resumed.output.contains("going on from step 12"), "\(resumed.output)")

  for arguments in [["--count", "9"], ["--interpolate", "5", "--count", "10"], ["--truncate", "0.5"]] {
    let picture = folder.path + "/grid.png"
    let sampled = try Command.run(["sample", run, "--out", picture, "--device", "cpu"] + arguments)
    #expect(sampled.status == 0, "\(sampled.output)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: picture)).prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
  }
  let array = folder.path + "/samples.npy"
  #expect(try Command.run(["sample", run, "--count", "300", "--out", array, "--device", "cpu"]).status == 0)
  #expect(try Data(contentsOf: URL(fileURLWithPath: array)).count == 128 + 300 * 32 * 32)
  let pictures = folder.path + "/pictures/"
  #expect(try Command.run(["sample", run, "--count", "3", "--out", pictures, "--device", "cpu"]).status == 0)
  #expect(
    try FileManager.default.contentsOfDirectory(atPath: pictures).sorted() == ["00000.png", "00001.png", "00002.png"])
  let again = try Command.run(["sample", run, "--count", "3", "--out", pictures, "--device", "cpu"])
  #expect(again.status == 1 && again.output.contains("is not empty"), "\(again.output)")
}

/// A run is measured with its protocol beside the numbers; what was measured is kept; statistics go out and come in.
@Test func aRunIsEvaluated() throws {
  let folder = try TemporaryFolder()
  let cache = ["SADDLE_CACHE": folder.path + "/cache"]
  let (run, json, npz) = (folder.path + "/run", folder.path + "/report.json", folder.path + "/reference.npz")
  #expect(try Command.run(["train", "fashion", "--steps", "2", "--out", run] + tiny).status == 0)
  let evaluate = ["evaluate", run, "--features", "random", "--count", "500", "--device", "cpu"]

  let first = try Command.run(evaluate + ["--json", json, "--export-statistics", npz], environment: cache)
  #expect(first.status == 0, "\(first.output)")
  for word in [
    "FD-random", "KD-random", "recall-random", "copying", "MS-SSIM", "held-out", "smaller is better", "protocol ",
    "500 of 60000 training images of 32 x 32 x 1", "reference's sha256", "500, seed 1", "raw", "running statistics",
    "contract",
  ] { #expect(first.output.contains(word), "\(word): \(first.output)") }
  #expect(!first.output.contains("FID") && !first.output.contains("IS-"), "random features are no classifier's")
  let report = try #require(
    try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: json))) as? [String: Any])
  #expect(report["step"] as? Int == 2 && report["features"] as? String == "random")

  // The same from the cache; other counts are another protocol, and another table.
  #expect(try Command.run(evaluate + ["--metrics", "fid"], environment: cache).status == 0)
  #expect(try Command.run(evaluate + ["--metrics", "fid", "--seed", "2"], environment: cache).status == 0)
  let history = try Command.run(["evaluate", run, "--history"])
  #expect(history.status == 0 && history.output.contains("2 protocols"), "\(history.output)")

  // Against the statistics of the same images: FD is the same number, and kid cannot be had.
  let imported = try Command.run(evaluate + ["--statistics", npz, "--json", json], environment: cache)
  #expect(imported.status == 0 && !imported.output.contains("KD-random"), "\(imported.output)")
  let line = { (output: String) in
    output.split(separator: "\n").first { $0.hasPrefix("FD-random") }?.split(separator: " ")[1]
  }
  #expect(line(imported.output) == line(first.output), "\(imported.output)")
  let refused = try Command.run(evaluate + ["--statistics", npz, "--metrics", "kid"], environment: cache)
  #expect(refused.status == 1 && refused.output.contains("a mean and a covariance alone"), "\(refused.output)")
  let twice = try Command.run(
    ["evaluate", run, run] + evaluate.dropFirst(2) + ["--metrics", "detail"], environment: cache)
  #expect(twice.status == 0 && twice.output.contains("\(run) step 2"), "\(twice.output)")
}

/// A run of noise is as far from its training images as from others, and all that decides the numbers is told.
@Test func aRunIsJudged() throws {
  let folder = try TemporaryFolder()
  let run = folder.path + "/run"
  #expect(try Command.run(["train", "fashion", "--steps", "2", "--out", run] + tiny).status == 0)
  let few = ["judge", run, "--steps", "10", "--samples", "256", "--device", "cpu"]
  let text = try Command.run(few + ["--objective", "hinge"])
  #expect(text.status == 0, "\(text.output)")
  for words in [
    "train ", "held-out ", "gap ", "2 - 2 TV(P, G)", "after step 2, raw weights", "60000 images", "5000 images",
    "one, 10 steps of 64", "4 batches of 64", "seed 1",
  ] { #expect(text.output.contains(words), "\(words) is missing: \(text.output)") }

  let json = try Command.run(few + ["--nnd", "--json"])
  let object = try #require(json.output.firstIndex(of: "{").map { Data(json.output[$0...].utf8) })
  let fields = try #require(try JSONSerialization.jsonObject(with: object) as? [String: Any])
  #expect(fields["critics"] as? Int == 2 && fields["train_images"] as? Int == 10_000)
  let values = try ["train", "held_out", "gap"].map {
    try #require((fields[$0] as? [String: Any])?["value"] as? Double)
  }
  #expect(abs(values[1] - values[0] - values[2]) < 1e-9)

  let split = try Command.run(few + ["--split", "0.1", "--json"])
  #expect(split.output.contains("\"train_images\" : 54000") && split.output.contains("\"held_out_images\" : 3000"))
  let classifier = try Command.run(few + ["--objective", "semi-supervised"])
  #expect(classifier.status == 0 && classifier.output.contains("log 2 - JSD(P, G)"), "\(classifier.output)")
}

/// A run of points is judged by any objective; here its own batches and fresh points are of one kind.
@Test func aRunOfPointsIsJudged() throws {
  let folder = try TemporaryFolder()
  let run = folder.path + "/run"
  let small = ["--set", "training.batch=48", "--device", "cpu"]
  #expect(try Command.run(["train", "ring", "--steps", "20", "--out", run] + small).status == 0)
  for objective in ["non-saturating", "wasserstein", "preference", "ebgan", "semi-supervised"] {
    let few = ["--objective", objective, "--steps", "400", "--samples", "4096", "--device", "cpu", "--json"]
    let json = try Command.run(["judge", run] + few)
    let object = try #require(json.output.firstIndex(of: "{").map { Data(json.output[$0...].utf8) }, "\(json.output)")
    let fields = try #require(try JSONSerialization.jsonObject(with: object) as? [String: Any])
    func number(_ name: String, _ part: String) throws -> Double {
      try #require((fields[name] as? [String: Any])?[part] as? Double)
    }
    #expect(fields["kind"] as? String == "points" && fields["held_out_images"] as? Int == 4096)
    #expect(try number("train", "value") > 0.05, "\(objective) cannot tell an untrained generator")
    #expect(try abs(number("gap", "value")) < 5 * number("gap", "standard_error"), "\(objective): \(json.output)")
  }
}

/// A damaged checkpoint is refused with its reason, and the one before it is offered.
@Test func aDamagedCheckpointIsRefused() throws {
  let folder = try TemporaryFolder()
  let run = folder.path + "/run"
  _ = try Command.run(["train", "fashion", "--steps", "6", "--out", run, "--set", "output.checkpoint-every=3"] + tiny)
  let path = run + "/checkpoints/step-00000006.safetensors"
  var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
  bytes[bytes.count / 2] ^= 1
  try bytes.write(to: URL(fileURLWithPath: path))
  let refused = try Command.run(["train", "--resume", "--out", run, "--steps", "8", "--device", "cpu"])
  #expect(refused.status == 1)
  for word in ["step-00000006", "step-00000003", "--from"] {
    #expect(refused.output.contains(word), "\(refused.output)")
  }
  let resumed = try Command.run([
    "train", "--resume", "--from", "step-00000003", "--out", run, "--steps", "8", "--device", "cpu",
  ])
  #expect(resumed.status == 0, "\(resumed.output)")
}

/// Pictures, devices, presets: what people look at first.
@Test(arguments: [
  (["--help"], "saddle train fashion"), (["devices"], "cpu"), (["train", "--list"], "DCGAN on Fashion-MNIST"),
  (["train", "fashion", "--dry-run"], "device memory"), (["train", "--help"], "--resume"),
  (["check", "--device", "cpu", "--tiny"], "rows give the same bits"),
  (["tune", "--device", "cpu"], "nothing to tune"),
  (["bench", "--help"], "kernels"), (["bench", "kernels", "--help"], "--compare"),
  (["bench", "kernels", "--list"], "dcgan64 64x64x3 to 64 forward"),
])
func commandsTellWhatTheyShould(arguments: [String], words: String) throws {
  let outcome = try Command.run(arguments)
  #expect(outcome.status == 0 && outcome.output.contains(words), "\(outcome.output)")
}

@Test func theListOfPresetsFitsATerminal() throws {
  let lines = try Command.run(["train", "--list"]).output.split(separator: "\n")
  #expect(lines.count > 45 && lines.allSatisfy { $0.count <= 100 })
}

/// A report is written, read again and compared with; what the device cannot hold is named and left out.
@Test func kernelsAreBenchedAndCompared() throws {
  let folder = try TemporaryFolder()
  let bench = ["bench", "kernels", "--device", "cpu", "--filter", "product 256", "--filter", "adam 100M"]
  let small = ["SADDLE_MEMORY": "500"]
  let first = try Command.run(bench + ["--json", "old.json"], environment: small, in: folder.path)
  #expect(first.status == 0 && first.output.contains("product 256x256"), "\(first.output)")
  #expect(first.output.contains("skipped: adam 100M: it takes") && first.output.contains("MiB, and the device has"))
  let second = try Command.run(bench + ["--compare", "old.json"], environment: small, in: folder.path)
  #expect(second.status == 0 && second.output.contains("old/new"), "\(second.output)")
  #expect(second.output.contains("over 1 rows"), "\(second.output)")
}

/// What tools/peers/bench_step.py reads is on the last line.
@Test func stepsAreBenched() throws {
  let step = ["bench", "step", "--preset", "ring", "--batch", "32", "--steps", "3", "--device", "cpu"]
  let json = try Command.run(step + ["--json"])
  let line = try #require(json.output.split(separator: "\n").last)
  let fields = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  #expect((fields["images_per_second"] as? Double ?? 0) > 0 && (fields["peak_rss_mib"] as? Double ?? 0) > 1)
  let text = try Command.run(step).output
  for words in ["images/s", "of the roofline", "0 device allocations (0 bytes) and 0 waits", "between kernels"] {
    #expect(text.contains(words), "\(text)")
  }
}
