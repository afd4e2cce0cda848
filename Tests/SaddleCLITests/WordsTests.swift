import Foundation
import Testing

// What a command says, and what numbers it takes.

/// A number that an option must refuse, or take: none ends a command by a trap.
@Test(arguments: [
  ("train ring --steps", ["-1", "1000000001", "1.5", ""]), ("train ring --seed", ["-1", "9223372036854775808"]),
  ("train ring --seeds", ["0", "-1", "9223372036854775807"]),
  ("train ring --seed 9223372036854775807 --seeds", ["2"]), ("sample run --count", ["0", "9223372036854775807"]),
  ("sample run --seed", ["-1", "18446744073709551615"]),
  ("sample run --truncate", ["nan", "inf", "0", "-1", "1e308"]),
  ("sample run --interpolate", ["1", "9223372036854775807"]), ("evaluate run --count", ["1", "9223372036854775807"]),
  ("evaluate run --reference", ["1", "9223372036854775807"]), ("evaluate run --seed", ["-1"]),
  ("judge run --samples", ["1", "9223372036854775807"]), ("judge run --steps", ["0", "9223372036854775807"]),
  ("judge run --split", ["nan", "0", "1"]), ("judge run --seed", ["18446744073709551615"]),
  ("lab dirac --scale", ["nan", "0", "1.01", "-inf"]), ("lab dirac --seed", ["18446744073709551615"]),
  ("tune --minutes", ["nan", "inf", "0"]), ("bench step --batch", ["0", "9223372036854775807"]),
  ("bench step --steps", ["0", "9223372036854775807"]), ("bench features --batch", ["0", "9223372036854775807"]),
  ("bench sample --batch", ["0", "9223372036854775807"]), ("bench sample --batches", ["0", "9223372036854775807"]),
  ("bench features --batches", ["0", "9223372036854775807"]),
  ("data pack . --out x.safetensors --size", ["0", "-1", "9223372036854775807"]),
  ("data pack . --out x.safetensors --channels", ["0", "2", "9223372036854775807"]),
  ("data split . --out x --held-out", ["nan", "0", "1"]), ("data split . --out x --seed", ["18446744073709551615"]),
])
func numbersOutsideTheirRangeAreRefused(call: String, values: [String]) throws {
  let words = call.split(separator: " ").map(String.init)
  for value in values {
    let outcome = try Command.run(words.dropLast() + ["\(words[words.count - 1])=\(value)"])
    #expect(outcome.status == 2, "\(value): \(outcome.output)")
    #expect(outcome.output.hasPrefix("Error: ") && outcome.output.contains(words[words.count - 1]), "\(outcome.output)")
  }
}

/// The ends of ranges are taken.
@Test func theEndsOfRangesAreTaken() throws {
  let folder = try TemporaryFolder()
  let most = "9223372036854775807"
  for line in [
    "train ring --seed \(most) --steps 1 --out run",
    "train ring --seed 9223372036854775805 --seeds 2 --steps 0 --out s",
    "sample run --seed \(most) --truncate 0.1", "sample run --interpolate 256 --count 1 --truncate 1000",
    "judge run --seed \(most) --steps 1 --samples 2",
  ] {
    let outcome = try Command.run(line.split(separator: " ").map(String.init) + ["--device", "cpu"], in: folder.path)
    #expect(outcome.status == 0, "\(line): \(outcome.output)")
  }
}

/// An evaluation and metrics of any size are shown, and the run goes on.
@Test func hugeNumbersInARunsFilesAreShown() throws {
  let folder = try TemporaryFolder()
  let train = ["train", "ring", "--steps", "2", "--out", "run", "--set", "output.log-every=1", "--device", "cpu"]
  #expect(try Command.run(train, in: folder.path).status == 0)
  try FileManager.default.createDirectory(atPath: folder.path + "/run/evaluation", withIntermediateDirectories: true)
  let evaluation = """
    {"step": 2, "report": {"conditions": {"entries": []}, "figures": [{"name": "FD", "value": 8.9e199, "better": "smaller"},
    {"name": "KD", "value": -9.3e18}], "baseline": [{"name": "FD", "value": 1e300}]}}
    """
  try evaluation.write(toFile: folder.path + "/run/evaluation/step-00000002-x.json", atomically: true, encoding: .utf8)
  let metrics = folder.path + "/run/metrics.jsonl"
  let rows = try String(contentsOfFile: metrics, encoding: .utf8)
    .replacing(/"(images_per_second|discriminator_loss)":[^,}]*/) { "\"\($0.1)\":1e300" }
  #expect(rows.contains("1e300"))
  try rows.write(toFile: metrics, atomically: true, encoding: .utf8)
  for line in ["report run", "runs .", "train --resume --out run --steps 3 --device cpu"] {
    let outcome = try Command.run(line.split(separator: " ").map(String.init), in: folder.path)
    #expect(outcome.status == 0, "\(line): \(outcome.output)")
  }
  let page = try String(contentsOfFile: folder.path + "/run/report.html", encoding: .utf8)
  #expect(page.contains("8.9e+199") && page.contains("−9.3e+18"))
}

/// A file among the evaluations that is none is named.
@Test func aFileThatIsNoEvaluationIsNamed() throws {
  let folder = try TemporaryFolder()
  let train = ["train", "ring", "--steps", "1", "--out", "run", "--device", "cpu"]
  #expect(try Command.run(train, in: folder.path).status == 0)
  try FileManager.default.createDirectory(atPath: folder.path + "/run/evaluation", withIntermediateDirectories: true)
  for text in ["", "[]", "{\"step\": 1}", "{\"step\": \"one\"}"] {
    try text.write(toFile: folder.path + "/run/evaluation/a.json", atomically: true, encoding: .utf8)
    let outcome = try Command.run(["evaluate", "run", "--history"], in: folder.path)
    #expect(outcome.status == 1 && !outcome.output.contains("DecodingError"), "\(outcome.output)")
    #expect(outcome.output.hasPrefix("Error: run/evaluation/a.json ") && outcome.output.contains("evaluate again"))
  }
}

/// Examples in help stand on lines that a terminal of 80 columns does not break, so that they can be pasted.
@Test(arguments: StreamCall.all.map(\.command))
func examplesOfHelpAreNotBroken(command: String) throws {
  let words = command.split(separator: " ").map(String.init) + (command == "help" ? [] : ["--help"])
  let wide = try Command.run(words, environment: ["COLUMNS": "1000"])
  #expect(wide.status == 0)
  for line in wide.output.split(separator: "\n").prefix(while: { !$0.hasPrefix("USAGE") }) {
    let isExample = line.hasPrefix("  ") || line.contains(":   saddle ")
    #expect(!isExample || line.count <= 80, "\(line)")
  }
}

/// A terminal may say any width.
@Test(arguments: ["0", "-1", "1", "26", "9223372036854775807", "wide", ""])
func helpFitsAnyTerminal(columns: String) throws {
  for words in [["--help"], ["train", "--help"], ["train", "--stps"], ["lab"], ["help", "bench"]] {
    let outcome = try Command.run(words, environment: ["COLUMNS": columns])
    #expect((0...2).contains(outcome.status) && outcome.output.contains("saddle"), "\(outcome.output)")
  }
}

/// A command that is printed does what it says when it is pasted, whatever a run is called.
@Test(arguments: ["my run", "it's", "$HOME", "a\u{1B}[31mb", "été #1", "~"])
func printedCommandsCanBePasted(name: String) throws {
  let folder = try TemporaryFolder()
  let train = ["train", "ring", "--steps", "1", "--out", name, "--device", "cpu"]
  #expect(try Command.run(train, in: folder.path).status == 0)
  let refused = try Command.run(train, in: folder.path).output
  #expect(!refused.contains("\u{1B}"))
  let end = try #require(refused.range(of: "continue this one with "))
  let advice = refused[end.upperBound...].dropLast(2)  // a full stop and the line's end
  let pasted = try Shell.run("exec /bin/bash -c \"'$0' train $1\"", [String(advice)], in: folder.path)
  #expect(pasted.status == 0, "\(advice): \(pasted.errors)")
}

/// `~/` is the home that the environment says, whether or not a shell saw it.
@Test(arguments: [["~/run"], ["--json", "~/run"]])
func homeIsWhereTheEnvironmentSays(arguments: [String]) throws {
  let folder = try TemporaryFolder()
  let home = ["HOME": folder.path]
  let train = ["train", "ring", "--steps", "1", "--out=~/run", "--device", "cpu"]
  #expect(try Command.run(train, environment: home).status == 0)
  #expect(FileManager.default.fileExists(atPath: folder.path + "/run/config.yaml"))
  #expect(try Command.run(["runs"] + arguments, environment: home).status == 0)
}

/// Data that are not where they were are asked for, with what the path means.
@Test func dataThatMovedAreAskedFor() throws {
  let folder = try TemporaryFolder()
  for place in ["here/photos", "there"] {
    try FileManager.default.createDirectory(atPath: "\(folder.path)/\(place)", withIntermediateDirectories: true)
  }
  for number in 0..<4 {
    try Picture.png(width: 32, height: 32, colour: number).write(
      to: URL(fileURLWithPath: "\(folder.path)/here/photos/\(number).png"))
  }
  let tiny = ["--set", "model.width=8", "--set", "training.batch=2", "--device", "cpu"]
  let here = folder.path + "/here", there = folder.path + "/there"
  let begun = try Command.run(
    ["train", "dcgan32", "--data", "photos", "--steps", "1", "--out", "run"] + tiny, in: here)
  #expect(begun.status == 0, "\(begun.output)")
  for line in ["train --resume --steps 2 --out ../here/run", "judge ../here/run", "evaluate ../here/run"] {
    let outcome = try Command.run(line.split(separator: " ").map(String.init), in: there)
    #expect(outcome.status == 1, "\(outcome.output)")
    for words in ["photos is looked for from the folder that you are in", "--data"] {
      #expect(outcome.output.contains(words), "\(outcome.output)")
    }
  }
  let resumed = try Command.run(
    ["train", "--resume", "--steps", "2", "--out", "../here/run", "--data", "../here/photos"], in: there)
  #expect(resumed.status == 0, "\(resumed.output)")
}

/// Files of torch.save are named, with a command that converts them.
@Test(arguments: [[0x50, 0x4B, 3, 4, 0, 0, 0, 0], [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46]] as [[UInt8]])
func filesOfPyTorchAreNamed(bytes: [UInt8]) throws {
  let folder = try TemporaryFolder()
  try Data(bytes + [UInt8](repeating: 7, count: 64)).write(to: URL(fileURLWithPath: folder.path + "/my net.pth"))
  let outcome = try Command.run(
    ["import", "my net.pth", "--preset", "fashion", "--out", "run", "--device", "cpu"], in: folder.path)
  #expect(outcome.status == 1, "\(outcome.output)")
  for words in ["my net.pth is a file of torch.save", "python3 -c '", "save_file", "'my net.pth.safetensors'"] {
    #expect(outcome.output.contains(words), "\(outcome.output)")
  }
}

/// Settings whose picture no memory holds are refused before anything is made.
@Test func aPictureThatIsTooLargeIsRefused() throws {
  let grid = ["--set", "output.grid=4096", "--set", "output.scale=64"]
  let outcome = try Command.run(["train", "fashion", "--dry-run"] + grid)
  #expect(outcome.status == 1 && outcome.output.contains("set output.grid=64"), "\(outcome.output)")
}
