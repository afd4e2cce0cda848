import Saddle

/// Trains on a folder of pictures, and draws from what was learned.
func train(onPicturesIn folder: String, run: String, steps: Int) throws {
  let outline = try DatasetOutline(at: .init(fileURLWithPath: folder))
  let choice = PresetChoice(for: outline)
  for line in choice.reasons + choice.cautions { print(line) }

  let configuration = try Configuration(
    from: choice.preset,
    assignments: choice.assignments + ["data.path=\(folder)", "training.steps=\(steps)"])
}
