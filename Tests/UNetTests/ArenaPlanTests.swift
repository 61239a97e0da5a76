import Testing
import Testkit

@testable import UNet

@Suite struct ArenaPlanTests {
  @Test func tensorsThatLiveTogetherNeverOverlap() {
    var generator = SplitMix64(seed: 5)
    for _ in 0..<200 {
      let tensors = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
        let first = Int.random(in: 0..<20, using: &generator)
        return ArenaPlan.Tensor(
          floats: .random(in: 1...500, using: &generator),
          steps: first...first + .random(in: 0...6, using: &generator))
      }
      let plan = ArenaPlan(tensors)
      for a in tensors.indices {
        #expect(plan.offsets[a] % ArenaPlan.alignment == 0)
        #expect(plan.offsets[a] + tensors[a].floats <= plan.floats)
        for b in tensors.indices where b != a && tensors[a].steps.overlaps(tensors[b].steps) {
          let ends = (plan.offsets[a] + tensors[a].floats, plan.offsets[b] + tensors[b].floats)
          #expect(ends.0 <= plan.offsets[b] || ends.1 <= plan.offsets[a])
        }
      }
    }
  }

  @Test func aFullSizeNetworkNeedsThreeTensorsOfItsFirstLevel() throws {
    let program = try NetworkProgram(
      .init(
        patch: [128, 128, 128], inputChannels: 1, outputChannels: 3, features: [32, 64, 128, 256, 320, 320],
        kernels: .init(repeating: [3, 3, 3], count: 6), strides: .init(repeating: [2, 2, 2], count: 5)))
    #expect(program.arena.floats == 3 * 32 * 128 * 128 * 128)
  }
}
