import Saddle

/// Trains on a folder of pictures, and draws from what was learned.
func train(onPicturesIn folder: String, run: String, steps: Int) throws {
  let outline = try DatasetOutline(at: .init(fileURLWithPath: folder))
  let choice = PresetChoice(for: outline)
  for line in choice.reasons + choice.cautions { print(line) }

  let configuration = try Configuration(
    from: choice.preset,
    assignments: choice.assignments + ["data.path=\(folder)", "training.steps=\(steps)"])

  let (device, reason) = try Device.open("auto")
  print(reason)
  let estimate = try configuration.estimate(images: outline.count)
  print("memory \(Estimate.text(estimate.memoryBytes)), disk \(Estimate.text(estimate.diskBytes))")
  for shortage in configuration.shortages(estimate, .init(device, folder: run)) { print(shortage) }

  let training = try TrainingRun(configuration, in: run, on: device)
  let ending = try training.train()

  let trainer = training.trainer
  let samples = trainer.samples(trainer.latents(64), configuration.samplingMode)
  try SamplePicture(samples).write(to: run + "/picture.png")
  let summary = try RunSummary(of: run)
  print("\(ending): \(summary.step) of \(summary.steps) steps, \(summary.warnings) warnings")
}
