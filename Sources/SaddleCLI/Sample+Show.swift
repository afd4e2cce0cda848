import ArgumentParser
import Foundation
import Saddle

extension Sample {
  static let figures = SampleFigure.all.map(\.name)

  /// Checks --show and what goes with it.
  func validateShow() throws {
    guard let show else { return }
    guard Self.figures.contains(show) else {
      let hint = nearest(to: show, among: Self.figures).map { ": did you mean \($0)?" } ?? "."
      throw ValidationError(
        "--show knows no '\(show)'\(hint) There are \(Self.figures.joined(separator: ", ")).")
    }
    if interpolate != nil || truncate != nil {
      throw ValidationError("--show \(show) has sizes of its own: leave --interpolate and --truncate away.")
    }
  }

  /// Draws one of the pictures that a report shows, into the run's folder or to --out.
  func draw(_ name: String) throws {
    guard let figure = SampleFigure.all.first(where: { $0.name == name }) else { return }
    let run = try SavedRun(opening: folder, from: from, registry: registry)
    let configuration = run.configuration
    let trainer = try run.trainer(on: try deviceOptions.open())
    let grid = try figure.picture(of: trainer, configuration, in: run.directory, seed: seed)
    let path = try out ?? run.directory.placePicture(of: name, step: run.step)
    try grid.writePNG(to: path, scale: configuration.pictureScale)
    tell("\(path): \(figure.title.lowercased()) after step \(run.step). \(figure.caption)")
    if out == nil { tell("saddle report \(folder.shellWord) puts it on the run's page") }
  }
}
