import Kernels
import ModelPlans
import Testing

@testable import UNet

/// Convolutions that write their output over their input.
@Suite struct TensorPlacementTests {
  private static let fullSize = NetworkDescription(
    patch: [128, 128, 128], inputChannels: 1, outputChannels: 3, features: [32, 64, 128, 256, 320, 320],
    kernels: .init(repeating: [3, 3, 3], count: 6), strides: .init(repeating: [2, 2, 2], count: 5))

  /// Large enough at its first levels to be computed in place.
  private static let inPlace = NetworkDescription(
    patch: [64, 64, 64], inputChannels: 1, outputChannels: 2, features: [16, 32, 16],
    kernels: .init(repeating: [3, 3, 3], count: 3), strides: .init(repeating: [2, 2, 2], count: 2))

  private static let level = 32 * 128 * 128 * 128

  @Test func aFullSizeNetworkNeedsLittleMoreThanOneTensorOfItsFirstLevel() throws {
    let program = try WinogradProgram(Self.fullSize, plan: .small)
    #expect(Double(program.placement.floats) < 1.9 * Double(Self.level))
    // The first level's four convolutions after the first one go to and fro.
    let orders = zip(program.steps, program.placement.orders)
      .filter { $0.0.output.map { program.tensors[$0].floats } == Self.level && $0.0.number > 0 }.map(\.1)
    #expect(orders == [.forward, .backward, .forward])
  }

  @Test func tensorsThatLiveTogetherOverlapOnlyInAConvolutionInPlace() throws {
    for plan in WinogradPlan.allCases {
      let program = try WinogradProgram(Self.fullSize, plan: plan)
      for (step, order) in zip(program.steps, program.placement.orders) {
        guard let output = step.output else { continue }
        let written = Self.memory(output, program)
        for input in step.inputs where written.overlaps(Self.memory(input, program)) {
          #expect(order != .any && program.tensors[input].floats == program.tensors[output].floats)
        }
      }
    }
  }

  private static func memory(_ tensor: Int, _ program: WinogradProgram) -> Range<Int> {
    let place = program.placement.places[tensor]
    let blocks = BlockedTensor.blocks(program.tensors[tensor].channels)
    return place.offset..<place.offset + (blocks - 1) * place.blockFloats + program.tensors[tensor].floats / blocks
  }

  @Test(arguments: WinogradPlan.allCases)
  func whatIsComputedInPlaceIsRight(plan: WinogradPlan) throws {
    let description = Self.inPlace
    let program = try WinogradProgram(description, plan: plan)
    try #require(program.placement.orders.contains(.forward) && program.placement.orders.contains(.backward))
    let weights = DictionaryWeights(random: description, seed: 1)
    let patch = TestNetworks.patch(of: description)
    let blas = try BlasExecutor(description, weights, threads: 2).logits(patch)
    let choice: EngineChoice = plan == .fast ? .winograd : .winogradSmall
    let engine = try NetworkEngine(choice, description: description)
    var digits: [[UInt32]] = []
    for threads in [1, 2, 3] {
      let executor = try engine.makeExecutor(
        weights: weights, pool: ComputePool(threads: threads), workspace: engine.makeWorkspace(threads: threads))
      #expect(executor.identity.engine == choice.rawValue)
      let logits = try executor.logits(patch)
      #expect(relativeError(logits, blas) < 2e-5)
      digits.append(logits.map(\.bitPattern))
    }
    #expect(digits[0] == digits[1] && digits[0] == digits[2])
  }
}
