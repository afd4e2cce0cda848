import Foundation
import Testing

private let tiny = [
  "--set", "model.width=8", "--set", "training.batch=4", "--set", "output.log-every=1", "--device", "cpu",
]

private func checkpoint(_ run: String, step: Int) throws -> Data {
  try Data(contentsOf: URL(fileURLWithPath: run + "/checkpoints/step-000000\(step).safetensors"))
}

/// A set of seeds, interrupted in its second run and gone on with: each run has the bits of one that is trained alone.
@Test func seedsShareNoState() throws {
  let folder = try TemporaryFolder()
  let set = folder.path + "/set"
  let stopped = try Command.run(["train", "fashion", "--steps", "30", "--seeds", "3", "--out", set] + tiny) { process in
    let metrics = URL(fileURLWithPath: set + "-seed-2/metrics.jsonl")
    for _ in 0..<1500 where ((try? Data(contentsOf: metrics).count) ?? 0) < 100 { Thread.sleep(forTimeInterval: 0.02) }
    kill(process.processIdentifier, SIGINT)
  }
  // On a busy machine the signal may come in the third run, or after it; what follows holds all the same.
  if stopped.status != 0 {
    #expect(stopped.status == 130 && stopped.output.contains(" of 3 seeds are done; go on with:"), "\(stopped.output)")
  }
  let whole = try Command.run(["train", "--resume", "--seeds", "3", "--out", set, "--device", "cpu"])
  #expect(whole.status == 0 && whole.output.contains("seed 3, 3 of 3"), "\(whole.output)")
  #expect(try String(contentsOfFile: set + "-seeds.html", encoding: .utf8).contains("set, 3 seeds"))

  for seed in [2, 3] {
    let alone = folder.path + "/alone-\(seed)"
    _ = try Command.run(["train", "fashion", "--steps", "30", "--seed", "\(seed)", "--out", alone] + tiny)
    #expect(try checkpoint(alone, step: 30) == checkpoint("\(set)-seed-\(seed)", step: 30))
  }
  #expect(try checkpoint(set + "-seed-1", step: 30) != checkpoint(set + "-seed-2", step: 30))
  let again = try Command.run(["train", "fashion", "--seeds", "3", "--out", set] + tiny)
  #expect(again.status == 1 && again.output.contains("already holds a run"), "\(again.output)")
}

/// Two runs on one page; a picture goes from `saddle sample` onto the page.
@Test func runsAreReported() throws {
  let folder = try TemporaryFolder()
  for (name, rate) in [("slow", "1e-4"), ("fast", "4e-4")] {
    let arguments = ["train", "fashion", "--steps", "4", "--out", "\(folder.path)/\(name)"]
    #expect(try Command.run(arguments + ["--set", "optimizer.discriminator-lr=\(rate)"] + tiny).status == 0)
  }
  let (slow, fast) = (folder.path + "/slow", folder.path + "/fast")
  let both = try Command.run(["report", slow, fast, "page-of-a-set.html", "--out", "both.html"], in: folder.path)
  #expect(both.status == 0, "\(both.output)")
  let page = try String(contentsOfFile: folder.path + "/both.html", encoding: .utf8)
  for words in ["What differs", "optimizer.discriminator-lr", "0.0001", "0.0004", "images/s", "data-step=\"4\""] {
    #expect(page.contains(words), "\(words)")
  }
  #expect(!page.contains(">model.width<"), "what is equal is not listed as a difference")

  let shown = try Command.run(["sample", slow, "--show", "truncation", "--device", "cpu"])
  #expect(shown.status == 0 && shown.output.contains("pictures/truncation-step-00000004.png"), "\(shown.output)")
  #expect(try Command.run(["report", slow]).status == 0)
  #expect(try String(contentsOfFile: slow + "/report.html", encoding: .utf8).contains("Truncation"))
}
