import ArgumentParser
import Foundation
import Saddle

extension Sample {
  static let exhibits = Exhibit.all.map(\.name)

  /// Checks --show and what goes with it.
  func validateShow() throws {
    guard let show else { return }
    guard Self.exhibits.contains(show) else {
      let hint = nearest(to: show, among: Self.exhibits).map { ": did you mean \($0)?" } ?? "."
      throw ValidationError(
        "--show knows no '\(show)'\(hint) There are \(Self.exhibits.joined(separator: ", ")).")
    }
    if interpolate != nil || truncate != nil {
      throw ValidationError("--show \(show) has sizes of its own: leave --interpolate and --truncate away.")
    }
  }

  /// Draws one of the pictures that a report shows, into the run's folder or to --out.
  func draw(_ name: String) throws {
    guard let exhibit = Exhibit.all.first(where: { $0.name == name }) else { return }
    let directory = try RunDirectory(opening: folder)
    let configuration = try Saddle.Configuration(from: directory.configuration)
    let store = CheckpointStore(readingFrom: directory.checkpoints)
    let checkpoint = try from.map { try store.load(named: $0) } ?? store.loadLatest()
    let trainer = try Trainer(configuration, on: try deviceOptions.open())
    try trainer.restore(checkpoint.file, step: checkpoint.step)
    let grid = try exhibit.picture(of: trainer, configuration, in: directory, seed: seed)
    let path = try out ?? directory.placePicture(of: name, step: checkpoint.step)
    try grid.writePNG(to: path, scale: configuration.pictureScale)
    tell("\(path): \(exhibit.title.lowercased()) after step \(checkpoint.step). \(exhibit.caption)")
    if out == nil { tell("saddle report \(folder.shellWord) puts it on the run's page") }
  }
}
