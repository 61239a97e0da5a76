import Foundation
import Kernels
import ModelPlans
import Testing

@testable import UNet

@Suite struct ForwardBenchmarkTests {
  @Test func operationsAreCountedAsDirectConvolution() {
    let description = NetworkDescription(
      patch: [4, 4], inputChannels: 1, outputChannels: 2, features: [3, 5], kernels: [[3, 3], [3, 3]],
      strides: [[2, 2]])
    let encoder = 2 * 16 * (1 * 3 + 3 * 3) * 9 + 2 * 4 * (3 * 5 + 5 * 5) * 9
    let decoder = 2 * 16 * 5 * 3 + 2 * 16 * (6 * 3 + 3 * 3) * 9 + 2 * 16 * 3 * 2
    #expect(description.forwardOperations == Double(encoder + decoder))
  }

  @Test func theFullSizeNetworkHas954Point6GFLOP() {
    // Counted from the exported graph of nnU-Net's own Generic_UNet with these plans.
    let description = NetworkDescription(
      patch: [128, 128, 128], inputChannels: 1, outputChannels: 3, features: [32, 64, 128, 256, 320, 320],
      kernels: .init(repeating: [3, 3, 3], count: 6), strides: .init(repeating: [2, 2, 2], count: 5))
    #expect(description.forwardOperations == 954_597_376_000)
  }

  @Test(arguments: [EngineChoice.blas, .winograd])
  func theReportNamesTheEngineAndComparesLogits(engine: EngineChoice) throws {
    let description = TestNetworks.isotropic
    let weights = DictionaryWeights(random: description, seed: 1)
    let patch = TestNetworks.patch(of: description)
    let reference = try ReferenceExecutor(description: description, weights: weights).logits(patch)
    let report = try ForwardBenchmark.run(
      engine: NetworkEngine(engine, description: description), weights: weights, threads: 2, runs: 3, input: patch,
      reference: reference, measuresPeak: true)
    #expect(report.engine == engine.rawValue && report.threads == 2 && report.runs == 3)
    #expect(report.seconds > 0 && report.gflops > 0)
    #expect(try #require(report.largestDifference) < 1e-4)
    #expect(try #require(report.relativeError) < 2e-5)
    #expect(report.layers.count == 13 && report.layers.allSatisfy { !$0.method.isEmpty })
    #expect(abs(report.layers.reduce(0) { $0 + $1.gflop } - report.gflop) < 1e-9)

    #expect(report.passes.count == 3 && report.passes.sorted()[1] == report.seconds)

    let peak = try #require(report.peak)
    for layer in report.layers + [report.total] {
      #expect(layer.arithmeticGflop > 0)
      #expect(try #require(layer.shareOfPeak) > 0)
      #expect(abs(try #require(layer.arithmeticFloorSeconds) * peak.gflops - layer.arithmeticGflop) < 1e-9)
      // All of this network fits any cache.
      #expect(layer.memoryBytes == 0 && layer.memoryFloorSeconds == 0)
    }
    #expect(abs(report.layers.reduce(0) { $0 + $1.arithmeticGflop } - report.total.arithmeticGflop) < 1e-9)
    #expect(abs(report.layers.reduce(0) { $0 + $1.seconds } - report.total.seconds) < 1e-9)

    let decoded = try JSONDecoder().decode(ForwardBenchmarkReport.self, from: JSONEncoder().encode(report))
    #expect(decoded == report)
  }

  @Test func whatDoesntFitTheCacheCrossesTheBus() {
    let cache = LastLevelCache.bytes
    let cost = LayerCost(arithmetic: 1, tensorBytes: [cache + 4, cache, 64], weightBytes: 100)
    #expect(cost.memoryBytes(allWeightBytes: cache) == cache + 4)
    #expect(cost.memoryBytes(allWeightBytes: cache + 1) == cache + 104)
  }

  @Test func winogradDoesAFractionOfDirectConvolutionsArithmetic() throws {
    let description = NetworkDescription(
      patch: [128, 128, 128], inputChannels: 1, outputChannels: 3, features: [32, 64, 128, 256, 320, 320],
      kernels: .init(repeating: [3, 3, 3], count: 6), strides: .init(repeating: [2, 2, 2], count: 5))
    let program = try WinogradProgram(description, plan: .fast)
    let arithmetic = program.steps.reduce(0) { $0 + program.cost($1).arithmetic }
    #expect(arithmetic > description.forwardOperations / 8 && arithmetic < description.forwardOperations / 3)
    let plain = try NetworkProgram(description)
    #expect(plain.steps.reduce(0) { $0 + plain.cost($1).arithmetic } == description.forwardOperations)
  }
}
