// The library's one public face: `import Saddle` gives a user all that is public below.
@_exported import Adversaries
@_exported import Baselines
@_exported import Datasets
@_exported import Evaluation
@_exported import Interop
@_exported import Features
@_exported import Records
