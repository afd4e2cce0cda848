import Foundation
import Testing

// Folders of images without a configuration, estimates, the list of runs, completion.

/// PNG files of this size, red, green and blue by their number, in a folder.
private func makePictures(_ folder: String, count: Int, width: Int, height: Int) throws {
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  for number in 0..<count {
    try Picture.png(width: width, height: height, colour: number).write(
      to: URL(fileURLWithPath: "\(folder)/\(number).png"))
  }
}

private let small = ["--set", "model.width=8", "--steps", "3", "--device", "cpu"]

/// `saddle train FOLDER` says what it chose and why, what it takes, and trains.
@Test(arguments: [["train", "pictures"], ["train", "--data", "pictures"]])
func aFolderIsEnough(arguments: [String]) throws {
  let folder = try TemporaryFolder()
  try makePictures(folder.path + "/pictures", count: 9, width: 80, height: 70)
  let plan = try Command.run(arguments + ["--dry-run"] + small, in: folder.path)
  #expect(plan.status == 0, "\(plan.output)")
  for words in [
    "pictures: 9 images, colour", "preset: diffaugment, since", "--set data.flip=false", "size: 64 x 64, from 80 x 70",
    "cropped to their central square", "batch: 8 images", "warning: 9 images are so few", "# device memory:", "# disk:",
    "# estimate: 3 steps take about", "augment: color,translation,cutout",
  ] { #expect(plan.output.contains(words), "\(words) is missing: \(plan.output)") }
  #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["pictures"])

  let trained = try Command.run(arguments + small, in: folder.path)
  #expect(trained.status == 0, "\(trained.output)")
  for words in ["memory: ", "disk: up to", "run: runs/pictures", "step 3/3"] {
    #expect(trained.output.contains(words), "\(words) is missing: \(trained.output)")
  }
}

/// A preset's name is a preset, whatever lies there.
@Test func aPresetsNameComesFirst() throws {
  let folder = try TemporaryFolder()
  try makePictures(folder.path + "/mlp", count: 1, width: 64, height: 64)
  let plan = try Command.run(["train", "mlp", "--dry-run"], in: folder.path)
  #expect(plan.status == 0 && plan.output.contains("architecture: mlp\n"), "\(plan.output)")
  #expect(plan.output.contains("note: mlp is a preset's name") && plan.output.contains("./mlp"), "\(plan.output)")
  let path = try Command.run(["train", "./mlp", "--dry-run"] + small, in: folder.path)
  #expect(path.status == 0 && path.output.contains("preset: diffaugment"), "\(path.output)")
}

@Test func whatIsShortIsToldBeforeTraining() throws {
  let limits = ["SADDLE_MEMORY": "100"]
  let outcome = try Command.run(["train", "dcgan32", "--dry-run", "--device", "cpu"], environment: limits)
  #expect(outcome.output.contains("has 100 MiB: --set training.batch="), "\(outcome.output)")
  #expect(!outcome.output.contains("# estimate"), "what does not fit is not tried")
}

/// Runs are listed with their states; a killed one is interrupted, and two never train in one folder.
@Test func runsAreListed() throws {
  let folder = try TemporaryFolder()
  func train(_ name: String, _ steps: Int) -> [String] {
    ["train", "ring", "--out", "runs/\(name)", "--steps", "\(steps)", "--set", "training.batch=8", "--device", "cpu"]
  }
  #expect(try Command.run(train("done", 5), in: folder.path).status == 0)
  var listed = "", refused = ""
  _ = try Command.run(train("killed", 1_000_000) + ["--set", "output.log-every=1"], in: folder.path) { process in
    let metrics = folder.path + "/runs/killed/metrics.jsonl"
    for _ in 0..<300 where !FileManager.default.fileExists(atPath: metrics) { Thread.sleep(forTimeInterval: 0.1) }
    listed = try Command.run(["runs"], in: folder.path).output
    refused = try Command.run(["train", "--resume", "--out", "runs/killed", "--device", "cpu"], in: folder.path).output
    kill(process.processIdentifier, SIGKILL)
  }
  func row(_ name: String, _ text: String) -> String {
    text.split(separator: "\n").first { $0.hasPrefix(name) }.map(String.init) ?? "no row: \(text)"
  }
  #expect(row("done", listed).contains("finished") && row("done", listed).contains("5/5"), "\(listed)")
  #expect(row("killed", listed).contains("running") && row("killed", listed).contains("ring"), "\(listed)")
  #expect(refused.contains("no checkpoint") || refused.contains("is being trained by process"), "\(refused)")
  let after = try Command.run(["runs"], in: folder.path).output
  #expect(row("killed", after).contains("interrupted"), "\(after)")

  let json = try Command.run(["runs", "runs/done", "--json"], in: folder.path).output
  let rows = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
  #expect(rows.count == 1 && rows[0]["state"] as? String == "finished" && rows[0]["preset"] as? String == "ring")
}

/// The lock refuses a second training where there is a checkpoint to go on from.
@Test func twoTrainingsInOneFolderAreRefused() throws {
  let folder = try TemporaryFolder()
  let settings = ["--set", "training.batch=8", "--set", "output.checkpoint-every=5", "--device", "cpu"]
  var refused: Command.Outcome?
  _ = try Command.run(["train", "ring", "--out", "run", "--steps", "100000000"] + settings, in: folder.path) {
    process in
    let checkpoint = folder.path + "/run/checkpoints/step-00000005.safetensors"
    for _ in 0..<300 where !FileManager.default.fileExists(atPath: checkpoint) { Thread.sleep(forTimeInterval: 0.05) }
    refused = try Command.run(["train", "--resume", "--out", "run", "--device", "cpu"], in: folder.path)
    #expect(process.isRunning)
    kill(process.processIdentifier, SIGTERM)
  }
  let outcome = try #require(refused)
  #expect(outcome.status == 1 && outcome.output.contains("run is being trained by process"), "\(outcome.output)")
}

/// Numbers of two protocols stand in two columns.
@Test func protocolsHaveColumnsOfTheirOwn() throws {
  let folder = try TemporaryFolder()
  for (name, rules) in [("a", "p1"), ("b", "p2"), ("c", "p1")] {
    let run = [
      "train", "ring", "--out", "runs/\(name)", "--steps", "1", "--set", "training.batch=8", "--device", "cpu",
    ]
    #expect(try Command.run(run, in: folder.path).status == 0)
    try "{\"step\":1,\"metrics\":{\"FID\":4.5},\"protocol\":\"\(rules)\"}\n"
      .write(toFile: "\(folder.path)/runs/\(name)/evaluations.jsonl", atomically: true, encoding: .utf8)
  }
  let text = try Command.run(["runs"], in: folder.path).output
  #expect(text.contains("BEST FID [1]") && text.contains("BEST FID [2]"), "\(text)")
  #expect(text.contains("FID: p1") && text.contains("FID: p2"), "\(text)")
  #expect(!(try Command.run(["runs", "runs/a"], in: folder.path).output.contains("[1]")))
}

/// Bash's completion, asked as bash asks it: the words on the line, and what must be offered.
@Test(arguments: [
  (["saddle", ""], ["train", "runs", "sample", "judge", "lab", "devices"]), (["saddle", "tra"], ["train"]),
  (["saddle", "train", "dcg"], ["dcgan32", "dcgan64", "dcgan128"]), (["saddle", "train", "--dry"], ["--dry-run"]),
  (["saddle", "train", "--device", ""], ["auto", "cpu", "opencl"]),
  (["saddle", "train", "--set", "model.arch"], ["model.architecture="]),
  (["saddle", "train", "--set", "model.norm=sp"], ["model.norm=spectral"]),
  (["saddle", "judge", "--objective", "hin"], ["hinge"]), (["saddle", "lab", "dir"], ["dirac"]),
  (["saddle", "bench", "step", "--preset", "r3"], ["r3gan", "r3gan64"]),
])
func bashCompletes(words: [String], offered: [String]) throws {
  let folder = try TemporaryFolder()
  for shell in ["zsh", "fish"] {
    #expect(try Command.run(["--generate-completion-script", shell]).output.contains("saddle"))
  }
  let script = try Command.run(["--generate-completion-script", "bash"])
  #expect(script.status == 0)
  let file = folder.path + "/completion.bash"
  try script.output.write(toFile: file, atomically: true, encoding: .utf8)
  let quoted = words.map { "'\($0)'" }.joined(separator: " ")
  let line = words.joined(separator: " ")
  let program = """
    bash -n '\(file)' || exit 9
    source '\(file)'
    PATH='\(Command.binary.deletingLastPathComponent().path)':$PATH
    COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count - 1); COMP_LINE='\(line)'; COMP_POINT=\(line.utf8.count)
    COMP_TYPE=9; COMP_KEY=9
    _saddle saddle '\(words[words.count - 1])' '\(words[words.count - 2])'
    printf '%s\\n' "${COMPREPLY[@]}"
    """
  let process = Process()
  let pipe = Pipe()
  process.executableURL = URL(fileURLWithPath: "/bin/bash")
  process.arguments = ["-c", program]
  process.standardOutput = pipe
  try process.run()
  let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  let replies = output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
  #expect(process.terminationStatus == 0)
  for word in offered { #expect(replies.contains(word), "\(word) is not among \(replies)") }
}

/// A PNG written byte by byte, so that a picture needs no library.
enum Picture {
  static func png(width: Int, height: Int, colour: Int) throws -> Data {
    var raw: [UInt8] = []
    for _ in 0..<height {
      raw.append(0)
      for x in 0..<width {
        for channel in 0..<3 { raw.append(channel == colour % 3 ? 255 : UInt8(x % 256)) }
      }
    }
    var deflated: [UInt8] = [0x78, 0x01]
    for start in stride(from: 0, to: raw.count, by: 65_535) {
      let block = raw[start..<min(start + 65_535, raw.count)]
      let count = UInt16(block.count)
      deflated.append(start + block.count == raw.count ? 1 : 0)
      for half in [count, ~count] { deflated += [UInt8(half & 255), UInt8(half >> 8)] }
      deflated += block
    }
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in raw {
      a = (a + UInt32(byte)) % 65_521
      b = (b + a) % 65_521
    }
    deflated += bytes(b << 16 | a)
    let depthAndColour: [UInt8] = [8, 2, 0, 0, 0]
    let header = bytes(UInt32(width)) + bytes(UInt32(height)) + depthAndColour
    let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    let chunks: [UInt8] = chunk("IHDR", header) + chunk("IDAT", deflated) + chunk("IEND", [])
    return Data(signature + chunks)
  }

  private static func bytes(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  private static func chunk(_ kind: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(kind.utf8) + content
    var crc = ~UInt32(0)
    for byte in body {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return bytes(UInt32(content.count)) + body + bytes(~crc)
  }
}
