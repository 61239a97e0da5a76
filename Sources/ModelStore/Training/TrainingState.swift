/// What a training run has reached: all that nnU-Net keeps in a checkpoint, and what Tessera needs besides to go on as if nothing had
/// happened.
public struct TrainingState: Sendable {
  /// Epochs that are done.
  public var epoch: Int
  /// Tensors by the state dict's names, in its order.
  public var parameters: [TrainedTensor]
  /// Nesterov's momentum buffers by the parameter's name; none for a parameter that never had a gradient.
  public var momenta: [String: [Float]]
  public var optimiser: OptimiserSettings
  public var history: TrainingHistory
  public var best: BestMarks
  /// `nil` in nnU-Net's checkpoints, which have no place for it.
  public var continuation: Continuation?

  public init(
    epoch: Int, parameters: [TrainedTensor], momenta: [String: [Float]], optimiser: OptimiserSettings,
    history: TrainingHistory, best: BestMarks, continuation: Continuation?
  ) {
    self.epoch = epoch
    self.parameters = parameters
    self.momenta = momenta
    self.optimiser = optimiser
    self.history = history
    self.best = best
    self.continuation = continuation
  }
}

/// A tensor of the state dict.
public struct TrainedTensor: Hashable, Sendable {
  public var name: String
  /// In torch's order, the last axis the fastest.
  public var shape: [Int]
  /// In C order.
  public var values: [Float]

  public init(name: String, shape: [Int], values: [Float]) {
    self.name = name
    self.shape = shape
    self.values = values
  }
}

/// Of stochastic gradient descent with Nesterov's momentum.
public struct OptimiserSettings: Hashable, Sendable {
  public var learningRate: Double
  public var momentum: Double
  public var weightDecay: Double

  public init(learningRate: Double, momentum: Double, weightDecay: Double) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.weightDecay = weightDecay
  }
}

/// The curves of a run, an entry for each epoch (`plot_stuff`).
public struct TrainingHistory: Hashable, Sendable {
  public var trainingLosses: [Double] = []
  public var validationLosses: [Double] = []
  /// The online Dice, the mean over classes; NaN where there was none.
  public var metrics: [Double] = []

  public init() {}
}

/// The best values so far, of moving averages (`best_stuff`).
public struct BestMarks: Hashable, Sendable {
  /// The epoch with the lowest training loss, and that loss.
  public var epoch: Int?
  public var trainingLoss: Double?
  public var metric: Double?

  public init() {}
}

/// What nnU-Net doesn't store, under the key `tessera` of the checkpoint, which nnU-Net ignores.
public struct Continuation: Hashable, Sendable {
  /// From which all batches and first weights come.
  public var seed: UInt64
  /// The run's length, and an epoch's: training and validation batches.
  public var epochs: Int
  public var iterations: Int
  public var validationIterations: Int
  /// The losses of the running epoch's iterations, where the state was saved in its middle.
  public var losses: [Double]

  public init(seed: UInt64, epochs: Int, iterations: Int, validationIterations: Int, losses: [Double] = []) {
    self.seed = seed
    self.epochs = epochs
    self.iterations = iterations
    self.validationIterations = validationIterations
    self.losses = losses
  }
}
