import Foundation
import Testing

private let small = ["--set", "training.batch=8", "--set", "output.log-every=1", "--device", "cpu"]

private func saddle(_ line: String, in folder: TemporaryFolder) throws -> Command.Outcome {
  try Command.run(line.split(separator: " ").map(String.init), in: folder.path)
}

/// Flags of a resume hold for the next one, for `saddle runs` and for the command that is printed; a run that is done
/// says how to go on.
@Test func aResumeIsNotForgotten() throws {
  let folder = try TemporaryFolder()
  #expect(try Command.run(["train", "ring", "--steps", "4", "--out", "run"] + small, in: folder.path).status == 0)
  let done = try saddle("train --resume --out run --device cpu", in: folder)
  #expect(done.status == 0 && done.output.contains("run is already at step 4 of 4: give --steps"), "\(done.output)")

  let long = "train --resume --out run --steps 100000000 --set optimizer.discriminator-lr=1e-5 --device cpu"
  let stopped = try Command.run(long.split(separator: " ").map(String.init), in: folder.path) { process in
    let metrics = URL(fileURLWithPath: folder.path + "/run/metrics.jsonl")
    let before = try Data(contentsOf: metrics).count
    for _ in 0..<600 where try Data(contentsOf: metrics).count <= before { Thread.sleep(forTimeInterval: 0.05) }
    kill(process.processIdentifier, SIGINT)
  }
  #expect(stopped.status == 130 && stopped.output.contains("go on with: saddle train --resume --out run"))
  let text = try String(contentsOfFile: folder.path + "/run/config.yaml", encoding: .utf8)
  #expect(text.contains("steps: 100000000\n") && text.contains("discriminator-lr: 1e-05\n"), "\(text)")
  #expect(try saddle("runs run", in: folder).output.contains("/100000000"))
  let former = try String(contentsOfFile: folder.path + "/run/config-step-00000004.yaml", encoding: .utf8)
  #expect(former.contains("steps: 4\n"), "\(former)")

  let misfit = try saddle("train --resume --out run --set model.width=16 --device cpu", in: folder)
  #expect(misfit.status == 1 && misfit.output.contains("model.width=16 (it was trained with"), "\(misfit.output)")
}

/// Killed before its first checkpoint, a run begins again: by the command that began it, and by --resume.
@Test(arguments: ["train ring --steps 6 --out run", "train --resume --steps 6 --out run"])
func aRunThatWasKilledAtOnceHasAWayOut(line: String) throws {
  let folder = try TemporaryFolder()
  _ = try Command.run(
    ["train", "ring", "--steps", "100000000", "--out", "run", "--set", "output.checkpoint-every=0"] + small,
    in: folder.path
  ) { process in
    let metrics = folder.path + "/run/metrics.jsonl"
    for _ in 0..<600 where !FileManager.default.fileExists(atPath: metrics) { Thread.sleep(forTimeInterval: 0.05) }
    kill(process.processIdentifier, SIGKILL)
  }
  let again = try saddle(line + " --set training.batch=8 --device cpu", in: folder)
  #expect(again.status == 0 && again.output.contains("saved"), "\(again.output)")
  let alone = try saddle("train ring --steps 6 --out alone --set training.batch=8 --device cpu", in: folder)
  #expect(alone.status == 0)
  func checkpoint(_ run: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(run)/checkpoints/step-00000006.safetensors"))
  }
  #expect(try checkpoint("run") == checkpoint("alone"))
}

/// Nothing of a run that is trained is read by another that would train it, not even a checkpoint that it names.
@Test func theLockIsTakenFirst() throws {
  let folder = try TemporaryFolder()
  let long = ["train", "ring", "--steps", "100000000", "--out", "run", "--set", "output.checkpoint-every=0"]
  _ = try Command.run(long + small, in: folder.path) { process in
    let metrics = folder.path + "/run/metrics.jsonl"
    for _ in 0..<600 where !FileManager.default.fileExists(atPath: metrics) { Thread.sleep(forTimeInterval: 0.05) }
    for line in ["train --resume --out run --from step-7", "train ring --out run", "train --resume --out run"] {
      let refused = try saddle(line + " --device cpu", in: folder)
      #expect(refused.status == 1 && refused.output.contains("run is being trained by process"), "\(refused.output)")
    }
    kill(process.processIdentifier, SIGKILL)
  }
}

/// Six at a time of what writes one file.
@Test(arguments: ["report run", "sample run --out same.png --device cpu", "sample run --out same.zip --device cpu"])
func writersOfOneFileDoNotMeet(line: String) throws {
  let folder = try TemporaryFolder()
  let preset = line.contains("zip") ? ["fashion", "--set", "model.width=8"] : ["ring"]
  #expect(try Command.run(["train"] + preset + ["--steps", "2", "--out", "run"] + small, in: folder.path).status == 0)
  let path = folder.path
  let results = try (0..<6).map { _ in
    let process = Process()
    process.executableURL = Command.binary
    process.arguments = line.split(separator: " ").map(String.init)
    process.currentDirectoryURL = URL(fileURLWithPath: path)
    (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
    try process.run()
    return process
  }
  for process in results {
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
  #expect(try !FileManager.default.subpathsOfDirectory(atPath: path).contains { $0.hasSuffix(".tmp") })
}
