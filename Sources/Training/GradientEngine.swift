public import ModelPlans

/// What the epoch loop needs of a network in training.
public protocol GradientEngine: AnyObject {
  /// Every tensor of the state dict, in its order.
  var parameters: [NetworkParameter] { get }
  func values(of name: String) throws -> [Float]
  func setValues(_ values: [Float], of name: String) throws
  /// `nil` for a parameter that never had a gradient.
  func momentum(of name: String) throws -> [Float]?
  func setMomentum(_ values: [Float]?, of name: String) throws
  /// The optimiser's factor of momentum.
  var momentumFactor: Double { get set }
  var weightDecay: Double { get }
  /// One step of the optimiser.
  /// - Returns: the loss before it.
  func step(_ index: IterationIndex, learningRate: Double) throws -> Double
  /// The loss of a validation batch, and its true positives, false positives and false negatives for each foreground class.
  func evaluate(_ index: IterationIndex) throws -> ValidationBatch
  /// How long steps and evaluations have waited for batches, in all.
  var waited: Duration { get }
  /// Draws the weights of all convolutions anew.
  func redrawConvolutions(seed: UInt64)
}

/// Which batch: together with the seed it says all of it.
public struct IterationIndex: Hashable, Sendable {
  public var epoch: Int
  public var iteration: Int
}

/// How well a validation batch was segmented.
public struct ValidationBatch: Hashable, Sendable {
  public var loss: Double
  /// By foreground class.
  public var truePositives: [Int]
  public var falsePositives: [Int]
  public var falseNegatives: [Int]

  public init(loss: Double, truePositives: [Int], falsePositives: [Int], falseNegatives: [Int]) {
    self.loss = loss
    self.truePositives = truePositives
    self.falsePositives = falsePositives
    self.falseNegatives = falseNegatives
  }
}
