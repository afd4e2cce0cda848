import ArgumentParser
import Foundation
import Saddle

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Brings a run of an older Saddle to today's names.",
    discussion: """
      Settings, tensors and columns of a run's folder get the names that they have now. No number
      changes: the run goes on to the bit. What has today's names already stays as it is.
        saddle convert runs/fashion
        saddle train --resume --out runs/fashion
      """)

  @Argument(help: "The runs' folders.", completion: .directory) var folders: [String]

  func run() throws {
    for folder in folders {
      let changed = try RunConversion.convert(folder, registry: registry)
      for path in changed { try show(path) }
      tell(changed.isEmpty ? "\(folder): all names are today's" : "\(folder): \(changed.count) files converted")
    }
  }
}
