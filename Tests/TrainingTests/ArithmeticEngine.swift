import ModelPlans
import Training

/// An engine without a network: each step moves every number by a little that depends on the number, its momentum and the batch alone, so that
/// a state which isn't wholly restored ends elsewhere.
final class ArithmeticEngine: GradientEngine {
  let parameters: [NetworkParameter]
  var momentumFactor = 0.99
  let weightDecay = 3e-5
  let waited = Duration.zero
  /// Iterations since it was made, of both kinds.
  private(set) var steps = 0
  var redraws = 0
  /// Of each validation batch.
  var counts: (IterationIndex) -> (tp: Int, fp: Int, fn: Int) = { index in
    (30 + index.epoch * 3, 7, 5 + index.iteration)
  }
  private var values: [String: [Float]] = [:]
  private var momenta: [String: [Float]] = [:]

  init(_ network: NetworkDescription) {
    parameters = network.parameters
    for (place, parameter) in parameters.enumerated() {
      values[parameter.name] = (0..<parameter.count).map { Float(($0 &+ place) % 17) / 17 - 0.4 }
    }
  }

  func values(of name: String) throws -> [Float] { values[name] ?? [] }
  func setValues(_ new: [Float], of name: String) throws { values[name] = new }
  func momentum(of name: String) throws -> [Float]? { momenta[name] }
  func setMomentum(_ new: [Float]?, of name: String) throws { momenta[name] = new }

  func step(_ index: IterationIndex, learningRate: Double) throws -> Double {
    steps += 1
    let batch = Float(index.epoch * 31 + index.iteration * 7 + 1) / 100
    // The first parameter never has a gradient, as one of nnU-Net's heads.
    for parameter in parameters.dropFirst() {
      let old = values[parameter.name] ?? []
      let momentum = momenta[parameter.name] ?? old.map { _ in 0 }
      let new = zip(momentum, old).map { Float(momentumFactor) * $0 + $1 * batch }
      momenta[parameter.name] = new
      values[parameter.name] = zip(old, new).map { $0 - Float(learningRate) * $1 }
    }
    return Double((values[parameters[1].name] ?? []).reduce(0, +)) + Double(batch)
  }

  func evaluate(_ index: IterationIndex) throws -> ValidationBatch {
    steps += 1
    let (tp, fp, fn) = counts(index)
    return ValidationBatch(
      loss: Double(values[parameters[1].name]?.first ?? 0), truePositives: [tp, 2 * tp], falsePositives: [fp, fp],
      falseNegatives: [fn, fn])
  }

  func redrawConvolutions(seed: UInt64) { redraws += 1 }
}

extension NetworkDescription {
  /// The smallest that has each kind of layer.
  static let small = NetworkDescription(
    patch: [8, 8, 8], inputChannels: 1, outputChannels: 3, features: [1, 2, 2],
    kernels: [[1, 3, 3], [3, 3, 3], [3, 3, 3]],
    strides: [[1, 2, 2], [2, 2, 2]])
}
