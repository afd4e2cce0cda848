import ArgumentParser
import Foundation
import Saddle

extension DataCommand {
  struct Pack: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Decodes a data set into one file, which is read by mapping: sets larger than memory stream from disk.",
      discussion: """
        The file gives the images that the folder gives at the same size. It is in the safetensors format, which other
        programs read: images, U8 [count][height][width][channels], labels, and the names of the files.
          saddle data pack data/photos --size 64 --out photos/train.safetensors
          saddle data pack data/photos --size 64 --part held-out \\
            --out photos/held-out.safetensors
          saddle train dcgan64 --data photos
        """)

    @Argument(help: "The folder or file, as for saddle train --data.") var data: String
    @Option("Height and width of the images; kept by default.", .whole(1...16_384)) var size: Int?
    @Option("Grey or colour; kept by default.", .channels) var channels: Int?
    @Option(help: "What is done with smaller images: \(Fit.allCases.map(\.rawValue).joined(separator: " or ")).")
    var fit: Fit?
    @Option(
      help: ArgumentHelp("Behind transparent pixels: white, black, grey, or red,green,blue.", valueName: "colour"))
    var background = RGB.white
    @Option(help: "The part: \(Split.allCases.map(\.rawValue).joined(separator: " or ")).") var part = Split.train
    @Flag(help: "Leaves pictures out that cannot be read, and says how many.") var skipUnreadable = false
    @Option(help: ArgumentHelp("The file that is made.", valueName: "file.safetensors")) var out: String

    func validate() throws {
      if !out.hasSuffix(".safetensors") {
        throw ValidationError(
          "--out must end in .safetensors, the format by which other programs know it, not '\(out)'.")
      }
    }

    func run() throws {
      let source = URL(fileURLWithPath: data)
      // Decoded as they are written: what is packed may be larger than memory.
      let dataset = try openDataset(
        at: source, split: part, size: size, channels: channels, fit: fit, background: background, memoryLimit: 0,
        skipsUnreadable: skipUnreadable)
      for note in dataset.notes { tell("note: \(note)") }
      let names = (dataset as? FolderDataset)?.fileNames ?? (dataset as? PackedDataset)?.fileNames ?? []
      let count = CountLine(what: "packing image")
      let start = ContinuousClock.now
      let digest = try PackedDataset.write(
        dataset, fileNames: names,
        metadata: [
          "part": part.rawValue, "source": source.lastPathComponent, "fit": fit?.rawValue ?? "",
          "background": "\(background.red),\(background.green),\(background.blue)",
        ],
        to: URL(fileURLWithPath: out), progress: count.progress)
      count.clear()
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      try show("\(out): \(dataset.count) images of \(dataset.width) x \(dataset.height) x \(dataset.channels)")
      try show("sha256 \(digest)")
      tell("packed in \(ProgressLine.duration(seconds)); train on it with --data \(out.shellWord)")
      if part == .train, (try? openDataset(at: source, split: .heldOut, size: size, memoryLimit: 0)) != nil {
        tell("the held-out part is not in it: pack it with --part held-out")
      }
    }
  }
}
