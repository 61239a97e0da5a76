internal import Kernels
internal import ModelPlans

/// Whether the engines compute what they should on this machine: a small made-up network, held against the slow twin. A processor, a
/// library or a virtual machine that is broken in one instruction set shows here, not in a patient's result.
public struct EngineCheck: Hashable, Sendable, Codable {
  /// As results name it, such as `winograd/avx2`.
  public var engine: String
  /// Root mean square of the difference of the logits over that of the logits; the greatest number where a value is none.
  public var relativeError: Double
  /// Whether that is rounding; the bound is what the engine promises for whole networks, with room.
  public var isGood: Bool { relativeError < Self.bound }

  private static let bound = 1e-4

  /// Checks every engine and instruction set that this processor has.
  /// - Throws: `NetworkExecutionError.outOfMemory`.
  public static func all() throws -> [EngineCheck] {
    let weights = MadeUpWeights(network: network)
    let patch = MadeUpWeights.values(seed: 1, count: network.inputChannels * network.patch.reduce(1, *), bound: 2)
    let expected = try logits(of: patch, by: ReferenceExecutor(description: network, weights: weights))
    let engines =
      try InstructionSet.available.map { try NetworkEngine(.winograd, description: network, instructionSet: $0) }
      + [NetworkEngine(.blas, description: network)]
    let pool = ComputePool(threads: 1)
    return try engines.map { engine in
      let executor = try engine.makeExecutor(
        weights: weights, pool: pool, workspace: engine.makeWorkspace(threads: pool.threads))
      return EngineCheck(
        engine: engine.identity.description,
        relativeError: relativeError(try logits(of: patch, by: executor), expected))
    }
  }

  /// Every kind of layer: two levels, so also a stride, a transposed convolution and a concatenation.
  private static let network = NetworkDescription(
    patch: [8, 16, 16], inputChannels: 1, outputChannels: 3, features: [8, 16], kernels: [[3, 3, 3], [3, 3, 3]],
    strides: [[2, 2, 2]])

  private static func logits(of patch: [Float], by executor: some NetworkExecutor) throws -> [Float] {
    var logits = [Float](repeating: 0, count: network.outputChannels * network.patch.reduce(1, *))
    try patch.withUnsafeBufferPointer { patch in
      try logits.withUnsafeMutableBufferPointer { try executor.forward(patch, into: $0) }
    }
    return logits
  }

  /// Root mean square of the difference over that of the expected values; the greatest number when a value is none.
  static func relativeError(_ values: [Float], _ expected: [Float]) -> Double {
    var difference = 0.0
    var size = 0.0
    for (value, expected) in zip(values, expected) {
      difference += (Double(value) - Double(expected)) * (Double(value) - Double(expected))
      size += Double(expected) * Double(expected)
    }
    let error = (difference / size).squareRoot()
    return error.isFinite ? error : .greatestFiniteMagnitude
  }
}

/// Weights of no training, the same at each call, so large that activations keep their size.
private struct MadeUpWeights: NetworkWeights {
  private var parameters: [String: [Float]] = [:]

  init(network: NetworkDescription) {
    for (place, layer) in network.layers.enumerated() {
      let inputs = Float(layer.inputChannels * layer.kernel.reduce(1, *))
      for parameter in network.parameters(of: layer) where parameter.isNeeded {
        var values = Self.values(
          seed: UInt32(place + 2), count: parameter.count,
          bound: parameter.name.hasSuffix("bias") ? 0.1 : (6 / inputs).squareRoot())
        if parameter.name == "\(layer.normalization).weight" { values = values.map { 1 + $0 / 4 } }
        parameters[parameter.name] = values
      }
    }
  }

  func withParameter<Result>(_ name: String, _ body: (UnsafeBufferPointer<Float>) throws -> Result) throws -> Result {
    guard let values = parameters[name] else {
      throw NetworkExecutionError.unsupportedDescription("the made-up network has no parameter \(name)")
    }
    return try values.withUnsafeBufferPointer(body)
  }

  /// Evenly spread over `-bound...bound` (a linear congruential generator; Knuth, The Art of Computer Programming, 3.2.1).
  static func values(seed: UInt32, count: Int, bound: Float) -> [Float] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return (Float(state >> 8) / Float(1 << 23) - 1) * bound
    }
  }
}
