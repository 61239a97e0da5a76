import Foundation
import Gradients
import Kernels
import ModelPlans
import Testing

@Suite struct HeInitializationTests {
  private static let network = NetworkDescription(
    patch: [8, 8, 8], inputChannels: 1, outputChannels: 2, features: [16, 32],
    kernels: [[3, 3, 3], [3, 3, 3]], strides: [[2, 2, 2]])

  private static func weights(seed: UInt64) throws -> [String: [Float]] {
    let trained = try TrainableNetwork(
      description: network, settings: TrainingSettings(batchSize: 1, batchDice: true), seed: seed,
      pool: ComputePool(threads: 1))
    return try Dictionary(uniqueKeysWithValues: network.parameters.map { ($0.name, try trained.values(of: $0.name)) })
  }

  @Test func convolutionsAreNormalAndTheRestIsPlain() throws {
    let weights = try Self.weights(seed: 3)
    for parameter in Self.network.parameters {
      let values = try #require(weights[parameter.name])
      guard parameter.shape.count > 1 else {
        #expect(values.allSatisfy { $0 == (parameter.name.hasSuffix("instnorm.weight") ? 1 : 0) })
        continue
      }
      let variance = 2 / (1 + 1e-4) / Double(parameter.shape.dropFirst().reduce(1, *))
      let found = values.map { Double($0 * $0) }.reduce(0, +) / Double(values.count)
      // Six deviations of the mean of squares.
      #expect(abs(found / variance - 1) < 6 * (2 / Double(values.count)).squareRoot(), "\(parameter.name)")
    }
  }

  /// Weights of neighbouring seeds were once the same ones, two places further.
  @Test func seedsAndParametersShareNoWeight() throws {
    var seen: Set<Float> = []
    var count = 0
    for seed in 1...3 as ClosedRange<UInt64> {
      let weights = try Self.weights(seed: seed)
      for parameter in Self.network.parameters where parameter.shape.count > 1 {
        // In the tails few floats fall together by chance.
        let values = (weights[parameter.name] ?? []).prefix(400)
        count += values.count
        seen.formUnion(values)
      }
    }
    #expect(seen.count > count - count / 100)
  }
}
