import Kernels
import ModelPlans
import Testing

@testable import UNet

/// Convolutions that write their output over their input.
@Suite struct TensorPlacementTests {
  private static let fullSize = NetworkDescription(
    patch: [128, 128, 128], inputChannels: 1, outputChannels: 3, features: [32, 64, 128, 256, 320, 320],
    kernels: .init(repeating: [3, 3, 3], count: 6), strides: .init(repeating: [2, 2, 2], count: 5))

  /// Large enough at their first levels to be computed in place; the decoder of the second one goes slab by slab.
  private static let inPlace = [
    NetworkDescription(
      patch: [64, 64, 64], inputChannels: 1, outputChannels: 2, features: [16, 32, 16],
      kernels: .init(repeating: [3, 3, 3], count: 3), strides: .init(repeating: [2, 2, 2], count: 2)),
    NetworkDescription(
      patch: [64, 32, 32], inputChannels: 1, outputChannels: 2, features: [32, 64, 32],
      kernels: .init(repeating: [3, 3, 3], count: 3), strides: .init(repeating: [2, 2, 2], count: 2)),
  ]

  private static let level = 32 * 128 * 128 * 128

  @Test(arguments: WinogradPlan.allCases)
  func aFullSizeNetworkNeedsLittleMoreThanOneTensorOfItsFirstLevel(plan: WinogradPlan) throws {
    let program = try WinogradProgram(Self.fullSize, plan: plan)
    let placement = TensorPlacement(program, threads: 2)
    #expect(Double(placement.floats) < 1.6 * Double(Self.level))
    // The first level's convolutions after the first one go to and fro.
    let orders = zip(program.steps, placement.orders)
      .filter { $0.0.output.map { program.tensors[$0].floats } == Self.level && $0.0.number > 0 }.map(\.1)
    #expect(orders == [.forward, .backward, .forward])
  }

  @Test func tensorsThatLiveTogetherOverlapOnlyInAConvolutionInPlace() throws {
    for plan in WinogradPlan.allCases {
      let program = try WinogradProgram(Self.fullSize, plan: plan)
      let placement = TensorPlacement(program, threads: 2)
      for (index, step) in program.steps.enumerated() {
        let first = placement.scratch[index]
        let scratch = first..<first + step.operation.scratch.floats(threads: 2)
        let tensors = step.inputs + [step.output].compactMap { $0 }
        #expect(!tensors.contains { Self.memory($0, program, placement).overlaps(scratch) })
        #expect(scratch.upperBound <= placement.floats)
        guard let output = step.output else { continue }
        let written = Self.memory(output, program, placement)
        for input in step.inputs where written.overlaps(Self.memory(input, program, placement)) {
          #expect(placement.orders[index] != .any)
          #expect(program.tensors[input].floats == program.tensors[output].floats)
        }
      }
    }
  }

  private static func memory(_ tensor: Int, _ program: WinogradProgram, _ placement: TensorPlacement) -> Range<Int> {
    let place = placement.places[tensor]
    let blocks = BlockedTensor.blocks(program.tensors[tensor].channels)
    return place.offset..<place.offset + (blocks - 1) * place.blockFloats + program.tensors[tensor].floats / blocks
  }

  @Test(arguments: WinogradPlan.allCases, inPlace.indices)
  func whatIsComputedInPlaceIsRight(plan: WinogradPlan, network: Int) throws {
    let description = Self.inPlace[network]
    let program = try WinogradProgram(description, plan: plan)
    let placement = TensorPlacement(program, threads: 2)
    try #require(placement.orders.contains(.forward) && placement.orders.contains(.backward))
    let slabwise = program.steps.contains { if case .slabwise = $0.operation { true } else { false } }
    try #require(slabwise == (network == 1))
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
