import Adversaries
import Datasets

/// Everything that decides a run. Each stored property is one row of `Configuration.settings`, and has its default
/// here.
public struct Configuration: Sendable, Equatable {
  public var model = Model()
  public var data = Data()
  public var objective = Objective()
  public var regularizers = Regularizers()
  public var input = Input()
  public var training = Training()
  public var optimizer = Optimizer()
  public var ema = EMA()
  public var sampling = Sampling()
  public var evaluation = Evaluation()
  public var output = Output()

  /// The defaults.
  public init() {}

  /// The networks.
  public struct Model: Sendable, Equatable {
    /// A row of `Architecture.all`.
    public var architecture = "dcgan"
    public var size = 64
    public var channels = 3
    public var latent = 100
    public var width = 64
    public var depth = 2
    /// A row of `Initializer.all`.
    public var initializer = "dcgan"
    /// A row of `Architecture.normalizations`, in the discriminator.
    public var norm = "batch"
    /// A row of `Architecture.minibatchLayers`, in the discriminator.
    public var minibatch = "none"
    /// A row of `Architecture.generatorNormalizations`.
    public var generatorNorm = "batch"
    /// A row of `Architecture.activations`, in the fully connected networks.
    public var activation = "relu"
    public var classes = 0
    public var conditioning = Architecture.Conditioning.none
    public var splitLatent = false
    /// The code at the end of the latents (InfoGAN).
    public var categories = 0
    public var continuousCodes = 0
  }

  /// The images.
  public struct Data: Sendable, Equatable {
    public var path = ""
    public var flip = false
    /// Images of each class whose labels are known; 0 for all.
    public var labelled = 0
    public var background = Colour(grey: 255)
    public var fit = UpscalePolicy.auto
    public var skipUnreadable = false

    /// What is done with images smaller than `model.size`.
    public enum UpscalePolicy: String, CaseIterable, Sendable {
      /// Arrays (IDX, CIFAR) get a border; a small picture of a folder is refused with its name.
      case auto
      case pad, resize

      /// As the data sets take it.
      public var fit: Fit? { Fit(rawValue: rawValue) }
    }
  }

  /// The game.
  public struct Objective: Sendable, Equatable {
    /// A row of `Adversaries.Objective.all`.
    public var name = "non-saturating"
    /// The largest weight of the discriminator; 0 leaves them free.
    public var clip = 0.0
    public var generatorWeight = 1.0
    public var realTarget = 1.0
    public var generatorTarget = 1.0
    public var margin = 1.0
    public var diversity = 0.5
    public var balanceRate = 0.001
  }

  /// The weights of the rows of `Regularizer.all`.
  public struct Regularizers: Sendable, Equatable {
    private var weights: [String: Schedule] = [:]
    public var interval = 1

    /// A row's weight; 0 where none was given.
    public subscript(name: String) -> Schedule {
      get { weights[name] ?? 0 }
      set { weights[name] = newValue.isZero ? nil : newValue }
    }
  }

  /// What is done to samples before the discriminator sees them.
  public struct Input: Sendable, Equatable {
    public var noise = InputTransform.Noise.gaussian
    public var noiseStd: Schedule = 0
    public var noiseOnBothSides = true
    /// Rows of `Augmentation.all`, separated by commas.
    public var augment = ""
    public var augmentProbability: Schedule = 1
    public var pack = 1
  }

  public struct Training: Sendable, Equatable {
    public var batch = 64
    public var steps = 10_000
    public var order = Game.Order.alternating
    public var discriminatorSteps: Schedule = 1
    public var discriminatorTolerance = 0.0
    public var sharedSamples = true
    public var accumulation = 1
    public var unroll = 0
    public var consensus = 0.0
    public var seed = 0
  }

  public struct Optimizer: Sendable, Equatable {
    /// A row of `OptimizerRule.all`.
    public var name = "adam"
    public var generatorLearningRate: Schedule = 2e-4
    public var discriminatorLearningRate: Schedule = 2e-4
    public var beta1 = 0.5
    public var beta2: Schedule = 0.999
    public var epsilon = 1e-8
    public var momentum = 0.0
    public var weightDecay = 0.0
    public var alpha = 0.99
  }

  /// The moving average of the generator's weights.
  public struct EMA: Sendable, Equatable {
    public var decay: Schedule = 0
  }

  /// How samples are drawn.
  public struct Sampling: Sendable, Equatable {
    public enum Statistics: String, CaseIterable, Sendable { case running, batch }
    public enum Weights: String, CaseIterable, Sendable { case raw, ema }

    public var statistics = Statistics.running
    public var weights = Weights.raw
  }

  /// What is measured while training goes on.
  public struct Evaluation: Sendable, Equatable {
    public var every = 0
    /// Rows of `Metric.all`, separated by commas.
    public var metrics = "fid,kid"
    /// A row of `FeatureSource.all`, or auto.
    public var features = "auto"
    public var count = 2000
  }

  /// What a run writes, and how often.
  public struct Output: Sendable, Equatable {
    public var logEvery = 10
    public var sampleEvery = 200
    public var checkpointEvery = 500
    public var keep = 3
    public var grid = 64
    public var scale = 0
    public var report = true
    public var events = true
  }

  /// A colour of 8 bits a channel, written `255` or `255,255,255`.
  public struct Colour: Sendable, Equatable {
    public var red, green, blue: UInt8

    public init(red: UInt8, green: UInt8, blue: UInt8) {
      self.red = red
      self.green = green
      self.blue = blue
    }

    public init(grey: UInt8) { self.init(red: grey, green: grey, blue: grey) }
  }
}
