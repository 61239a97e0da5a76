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
    #expect(Double(placement.floats) < 1.53 * Double(Self.level))
    // The first level's convolutions after the first one go to and fro.
    let orders = zip(program.steps, placement.orders)
      .filter { $0.0.output.map { program.tensors[$0].floats } == Self.level && $0.0.number > 0 }.map(\.1)
    #expect(orders == [.forward, .backward, .forward])
  }

  @Test(arguments: WinogradPlan.allCases, [1, 2, 5])
  func whatLivesTogetherOverlapsOnlyInAConvolutionInPlace(plan: WinogradPlan, threads: Int) throws {
    let program = try WinogradProgram(Self.fullSize, plan: plan)
    let placement = TensorPlacement(program, threads: threads)
    for (index, step) in program.steps.enumerated() {
      let living = program.tensors.indices.filter { program.lives[$0].contains(step.number) }
      let need = step.operation.scratch
      let place = placement.scratch[index]
      #expect(place.workers.count == threads)
      let scratch =
        [place.shared..<place.shared + need.shared] + place.workers.map { $0..<$0 + need.perWorker }
      let tensors = living.map { Self.memory($0, program, placement) }
      for (number, piece) in scratch.enumerated() {
        #expect(piece.upperBound <= placement.floats)
        #expect(piece.lowerBound % ArenaPlan.alignment == 0)
        #expect(!(tensors.joined() + scratch[..<number]).contains { $0.overlaps(piece) })
      }
      for (number, tensor) in living.enumerated() {
        for other in living[..<number] where Self.overlap(tensor, other, program, placement) {
          #expect([tensor, other].contains(step.output) && step.inputs.contains { [tensor, other].contains($0) })
          #expect(placement.orders[index] != .any)
          #expect(program.tensors[tensor].floats == program.tensors[other].floats)
        }
      }
    }
  }

  /// Where one of two tensors that share memory doesn't live, its margin is used by others.
  @Test(arguments: WinogradPlan.allCases)
  func marginsAreUsed(plan: WinogradPlan) throws {
    let program = try WinogradProgram(Self.fullSize, plan: plan)
    let placement = TensorPlacement(program, threads: 2)
    let skip = try #require(program.steps.first { $0.number == 1 }?.output)
    let place = placement.places[skip]
    let margin = place.offset + program.tensors[skip].floats / 2..<place.offset + place.blockFloats
    #expect(!margin.isEmpty)
    #expect(
      placement.scratch.contains { scratch in (scratch.workers + [scratch.shared]).contains(where: margin.contains) })
  }

  /// Of each block.
  private static func memory(_ tensor: Int, _ program: WinogradProgram, _ placement: TensorPlacement) -> [Range<Int>] {
    let place = placement.places[tensor]
    let blocks = BlockedTensor.blocks(program.tensors[tensor].channels)
    return (0..<blocks).map { block in
      let first = place.offset + block * place.blockFloats
      return first..<first + program.tensors[tensor].floats / blocks
    }
  }

  private static func overlap(
    _ a: Int, _ b: Int, _ program: WinogradProgram, _ placement: TensorPlacement
  ) -> Bool {
    memory(a, program, placement).contains { block in
      memory(b, program, placement).contains { $0.overlaps(block) }
    }
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
