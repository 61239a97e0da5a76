import Kernels
import ModelPlans
import Testing
import UNet

/// Bad descriptions, weights and buffers are refused with an error that says what was wrong.
@Suite struct RefusalTests {
  private let description = TestNetworks.flat
  private var weights: DictionaryWeights { DictionaryWeights(random: description, seed: 1) }

  @Test func aPatchThatTheStridesDontDivide() {
    var odd = description
    odd.patch = [20, 26]
    #expect(throws: NetworkExecutionError.self) { try Workspace(description: odd, threads: 1) }
  }

  @Test func kernelsAndStridesOutOfRange() {
    var wide = description
    wide.kernels[1] = [5, 3]
    #expect(throws: NetworkExecutionError.self) { try Workspace(description: wide, threads: 1) }
    var steep = description
    steep.strides[0] = [4, 2]
    #expect(throws: NetworkExecutionError.self) { try Workspace(description: steep, threads: 1) }
    var short = description
    short.features.removeLast()
    #expect(throws: NetworkExecutionError.self) { try Workspace(description: short, threads: 1) }
    var line = description
    line.patch = [20]
    #expect(throws: NetworkExecutionError.self) { try Workspace(description: line, threads: 1) }
  }

  @Test func aMissingParameterKeepsTheStoresOwnError() {
    var incomplete = weights
    incomplete.parameters["tu.1.weight"] = nil
    #expect(throws: DictionaryWeights.Missing(name: "tu.1.weight")) { try BlasExecutor(description, incomplete) }
  }

  @Test func aParameterOfTheWrongSize() {
    var wrong = weights
    wrong.parameters["seg_outputs.1.weight"]?.removeLast()
    let expected = NetworkExecutionError.wrongSize(what: "parameter seg_outputs.1.weight", expected: 12, found: 11)
    #expect(throws: expected) { try BlasExecutor(description, wrong) }
    #expect(expected.description.contains("expected 12 values for parameter seg_outputs.1.weight, found 11"))
  }

  @Test func aWorkspaceOfAnotherNetwork() throws {
    let small = try Workspace(description: TestNetworks.oneBlock, threads: 1)
    let pool = ComputePool(threads: 1)
    #expect(throws: NetworkExecutionError.self) {
      try BlasExecutor(description: description, weights: weights, pool: pool, workspace: small)
    }
  }

  @Test func buffersOfTheWrongSize() throws {
    let executor = try BlasExecutor(description, weights)
    let patch = TestNetworks.patch(of: description)
    #expect(throws: NetworkExecutionError.self) { try executor.logits(Array(patch.dropLast())) }
    var short = [Float](repeating: 0, count: executor.outputCount - 1)
    _ = patch.withUnsafeBufferPointer { patch in
      short.withUnsafeMutableBufferPointer { output in
        #expect(throws: NetworkExecutionError.self) { try executor.forward(patch, into: output) }
      }
    }
  }

  @Test func blocksThatDontFitTheNetwork() {
    var odd = TestNetworks.group
    odd.features = [8, 18]
    var activated = TestNetworks.filterResponse
    activated.block.activation = .relu
    var short = TestNetworks.residual(.instance)
    short.residual?.encoderBlocks.removeLast()
    var reversed = TestNetworks.residual(.instance)
    reversed.block.order = .activationFirst
    for description in [odd, activated, short, reversed] {
      #expect(throws: NetworkExecutionError.self) { try Workspace(description: description, threads: 1) }
    }
  }

  @Test func aVarianceBelowZero() throws {
    let description = TestNetworks.batch
    var damaged = DictionaryWeights(random: description, seed: 1)
    let name = "conv_blocks_context.0.blocks.1.instnorm.running_var"
    damaged.parameters[name]?[3] = -1
    let error = #expect(throws: NetworkExecutionError.self) { try BlasExecutor(description, damaged) }
    #expect(error?.description.contains(name) == true)
  }
}
