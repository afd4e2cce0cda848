// The whole of saddle's command line, with rows of one's own in its tables.
import SaddleCLI

SaddleCLI.main(
  registry: Registry(
    architectures: [.upsampling], objectives: [.tempered, try .divergence(.shiftedKL())],
    regularizers: [.drift], metrics: [.brightness], presets: [.small]))
