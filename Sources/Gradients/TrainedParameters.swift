public import ModelPlans

/// A copy of a network's parameters at one moment, for the inference engine and for files.
public struct TrainedParameters: NetworkWeights {
  private let values: [String: [Float]]

  init(values: [String: [Float]]) { self.values = values }

  /// - Throws: `GradientsError.noParameter`.
  public func withParameter<Result>(
    _ name: String, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    guard let found = values[name] else { throw GradientsError.noParameter(name) }
    return try found.withUnsafeBufferPointer(body)
  }
}
