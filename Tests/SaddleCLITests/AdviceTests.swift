import Foundation
import Testing

/// A wrong command line in a folder of typical mistakes: its exit code, and what its message must hold. The last
/// fragment says what to do next.
struct WrongCall: Sendable, CustomTestStringConvertible {
  let line: String
  let status: Int32
  let fragments: [String]
  var environment: [String: String] = [:]
  var testDescription: String { line }

  init(_ line: String, _ status: Int32, _ fragments: String..., environment: [String: String] = [:]) {
    (self.line, self.status, self.fragments, self.environment) = (line, status, fragments, environment)
  }
}

private func makeMistakes(in folder: String) throws {
  let files = FileManager.default
  func write(_ name: String, _ content: Data) throws {
    let url = URL(fileURLWithPath: "\(folder)/\(name)")
    try files.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try content.write(to: url)
  }
  let picture = try Picture.png(width: 64, height: 64, colour: 0)
  for number in 0..<3 {
    try write("pictures/\(number).png", picture)
    try write("corrupt/\(number).png", number == 1 ? picture.prefix(3000) : picture)
    try write("small/\(number).png", try Picture.png(width: 8, height: 8, colour: 0))
  }
  try write("text/notes.txt", Data("hello".utf8))
  try write("webp/a.webp", Data("hello".utf8))
  try write("photos.zip", Data("PK".utf8))
  try write("mixed/a.png", picture)
  try write("mixed/inner/b.png", picture)
  try write("key.yaml", Data("model: {size: 32, chanels: 1}".utf8))
  try write("value.yaml", Data("model:\n  size: 33\n".utf8))
  try write("malformed.yaml", Data("model: [1\n".utf8))
  try write("binary.yaml", Data([0xFF, 0xFE, 0x00, 0x80]))
  try files.createDirectory(atPath: folder + "/empty", withIntermediateDirectories: true)
  let run = ["train", "ring", "--out", "run", "--steps", "2", "--set", "training.batch=8", "--device", "cpu"]
  #expect(try Command.run(run, in: folder).status == 0)
  try write("unsaved/config.yaml", try Data(contentsOf: URL(fileURLWithPath: folder + "/run/config.yaml")))
}

private let mistakesFolder = NSTemporaryDirectory() + "saddle-mistakes-\(getpid())"

/// One folder for all rows, since no failed call changes it.
private let mistakes: Result<String, any Error> = Result {
  let path = mistakesFolder
  try? FileManager.default.removeItem(atPath: path)
  atexit { try? FileManager.default.removeItem(atPath: mistakesFolder) }
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  try makeMistakes(in: path)
  return path
}

// One after the other: a call that looks for what it leaves behind must not see what another holds for a moment.
@Test(
  .serialized,
  arguments: [
    // What is trained.
    WrongCall("train fashon", 1, "'fashon' is neither a preset nor a file nor a folder", "did you mean 'fashion'?"),
    WrongCall("train xyzzyxyzzy", 1, "'xyzzyxyzzy'", "saddle train --list"),
    WrongCall("train run", 1, "run is a run, not data", "saddle train --resume --out run"),
    WrongCall("train photos.zip", 1, "photos.zip: is a file, not a folder of images", "unpack it"),
    WrongCall("train pictures --data small", 1, "pictures and --data small both hold images", "give one of them"),
    WrongCall("train key.yaml", 1, "key.yaml:1:19", "did you mean 'model.channels'?"),
    WrongCall("train value.yaml", 1, "value.yaml:2:3", "'33'", "one of 28, 32, 64, 128"),
    WrongCall(
      "train malformed.yaml", 1, "malformed.yaml:2:1", "not valid YAML", "--dry-run prints a whole configuration"),
    WrongCall("train binary.yaml", 1, "binary.yaml", "not UTF-8", "Give a preset, a YAML file"),
    WrongCall("train ring --set nonsense=1", 1, "'nonsense'", "--dry-run prints a whole configuration"),
    WrongCall("train ring --set model.width", 1, "--set model.width", "write key=value"),
    WrongCall("train ring --set model.width=wide", 1, "'wide'", "an integer from 1"),
    WrongCall("train ring --steps many", 2, "'many'", "--steps <steps>"),
    WrongCall(
      "train fashion --set objective.name=wasserstein", 1, "bounded slope", "set regularizers.gradient-penalty=10"),
    WrongCall("train fashion --set input.augment=colour", 1, "'colour'", "there are brightness"),
    WrongCall("train fashion --set model.classes=10", 1, "model.classes", "set model.conditioning"),
    WrongCall(
      "train fashion --set model.classes=5 --set model.conditioning=concat", 1, "has 10 classes", "set model.classes=10"
    ),
    // The images.
    WrongCall("train dcgan64", 1, "nothing to train on", "give --data a folder of images"),
    WrongCall("train dcgan64 --data picture", 1, "no such file or folder", "holds binary.yaml, corrupt, empty"),
    WrongCall("train --data picture", 1, "no such file or folder", "holds binary.yaml, corrupt, empty"),
    WrongCall("train empty", 1, "empty: holds no PNG or JPEG", "give a folder of pictures"),
    WrongCall("train text", 1, "text: holds no PNG or JPEG", "give a folder of pictures"),
    WrongCall("train webp", 1, "a.webp: is of a kind that is not read", "convert it to PNG or JPEG"),
    WrongCall("train mixed", 1, "beside folders of pictures (inner)", "move the pictures"),
    WrongCall("train corrupt", 1, "corrupt/1.png: is cut short", "remove the file"),
    WrongCall("train dcgan64 --data pictures/1.png", 1, "is a file, not a folder", "give the folder that it lies in"),
    WrongCall("train dcgan64 --data small", 1, "0.png: is 8 x 8 pixels", "--set data.fit=resize"),
    WrongCall("train dcgan64 --data pictures", 1, "3 images, too few for a batch of 128", "--set training.batch=3"),
    WrongCall(
      "train ring --set model.classes=7 --set model.conditioning=concat", 1, "a point's class is its mode",
      "set model.classes=8"),
    WrongCall("train ring --data cube", 1, "'cube'", "one of ring, grid"),
    // The run's folder.
    WrongCall("train ring --out run", 1, "run already holds a run", "--resume --out run"),
    WrongCall("train ring --out pictures", 1, "pictures is not empty", "choose another --out"),
    WrongCall("train ring --out /proc/run", 1, "/proc/run could not be created", "choose another path"),
    WrongCall("train ring --out key.yaml/run", 1, "key.yaml/run", "A file is in the way"),
    WrongCall("train --resume", 2, "Say with --out which run"),
    WrongCall("train --resume --out empty", 1, "empty/config.yaml is missing", "saddle runs lists"),
    WrongCall("train --resume --out unsaved", 1, "has no checkpoint", "train anew with another --out"),
    WrongCall("train --resume --out run --from step-7", 1, "'step-7'", "There are: step-00000002"),
    WrongCall("train ring --from step-7", 2, "--from goes with --resume"),
    WrongCall("sample empty", 1, "empty/config.yaml is missing", "saddle runs lists"),
    WrongCall("sample run --from 17", 1, "'17'", "There are: step-00000002"),
    WrongCall("sample run --out picture.gif", 2, "'picture.gif'", "end in .png"),
    WrongCall("sample run --out nowhere/x.png --device cpu", 1, "nowhere/x.png", "Make the folder"),
    WrongCall("runs nowhere", 1, "no run in nowhere", "name another folder"),
    WrongCall("runs", 1, "no run in runs", "saddle train makes runs"),
    WrongCall("judge run --data pictures", 1, "trained on points", "leave --data, --held-out and --split away"),
    WrongCall("judge run --nnd", 1, "trained on points", "name an --objective instead"),
    // The device.
    WrongCall("train ring --device quantum", 1, "'quantum' names no device", "Write auto, cpu, opencl"),
    WrongCall("train ring --device opencl:7:7", 1, "'opencl:7:7'", "saddle devices"),
    WrongCall(
      "train ring --device opencl", 1, "no OpenCL on this machine", "choose --device cpu",
      environment: ["SADDLE_OPENCL_LIBRARY": "/nonexistent"]),
    WrongCall(
      "train ring", 1, "SADDLE_MEMORY is 'much'", "it may be", environment: ["SADDLE_MEMORY": "much"]),
    // The rest.
    WrongCall("trian", 2, "'trian'", "did you mean 'train'?", "saddle --help"),
    WrongCall("trian photos", 2, "'trian'", "did you mean 'train'?"),
    WrongCall("help sampel", 2, "'sampel'", "did you mean 'sample'?"),
    WrongCall("data inspct photos", 2, "saddle data has no command 'inspct'", "did you mean 'inspect'?"),
    WrongCall("train picturse", 1, "'picturse' is neither", "did you mean 'pictures'?"),
    WrongCall("import nofile --preset fashion --out new", 1, "nofile could not be opened", "Check the path"),
    WrongCall("data inspect pictures --json nowhere/x.json", 1, "nowhere/x.json", "Make the folder"),
    WrongCall("train ring --stps 3", 2, "--stps", "--steps"),
    WrongCall("lab dirca", 1, "'dirca'", "did you mean dirac?"),
    WrongCall("options xyzzy", 2, "'xyzzy'", "saddle options lists all"),
    WrongCall("bench step --preset dcgan65", 1, "'dcgan65'", "did you mean 'dcgan64'?"),
    WrongCall("bench sample --preset dcgan65", 1, "'dcgan65'", "did you mean 'dcgan64'?"),
  ])
func everyErrorSaysWhatToDoNext(call: WrongCall) throws {
  let folder = try mistakes.get()
  let before = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
  let arguments = call.line.split(separator: " ").map(String.init)
  let outcome = try Command.run(arguments, environment: call.environment, in: folder)
  #expect(outcome.status == call.status, "\(outcome.output)")
  let message = outcome.output.range(of: "Error: ").map { String(outcome.output[$0.lowerBound...]) } ?? outcome.output
  for fragment in call.fragments { #expect(message.contains(fragment), "'\(fragment)' is missing: \(message)") }
  #expect(!outcome.output.contains("Fatal error"))
  #expect(try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() == before, "it left something behind")
}
