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

  @Test func partsThatLiveTogetherNeverOverlap() {
    var generator = SplitMix64(seed: 6)
    for _ in 0..<200 {
      let pieces = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
        ArenaPlan.Piece(
          (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            let (begin, first) = (
              16 * Int.random(in: 0..<20, using: &generator), Int.random(in: 0..<12, using: &generator)
            )
            return .init(
              begin..<begin + .random(in: 0...200, using: &generator),
              steps: first...first + .random(in: 0...5, using: &generator))
          })
      }
      let plan = ArenaPlan(pieces)
      func places(_ piece: Int) -> [(range: Range<Int>, steps: ClosedRange<Int>)] {
        pieces[piece].parts.filter { !$0.range.isEmpty }.map { part in
          (part.range.lowerBound + plan.offsets[piece]..<part.range.upperBound + plan.offsets[piece], part.steps)
        }
      }
      for a in pieces.indices {
        #expect(plan.offsets[a] % ArenaPlan.alignment == 0 && plan.offsets[a] >= 0)
        #expect(places(a).allSatisfy { $0.range.upperBound <= plan.floats })
        for b in 0..<a {
          let meet = places(a).contains { x in
            places(b).contains { $0.steps.overlaps(x.steps) && $0.range.overlaps(x.range) }
          }
          #expect(!meet)
        }
      }
    }
  }

  /// A tensor that doesn't live yet leaves its place to others, and what lives beside another part fits in between.
  @Test func whatIsFreeForAWhileIsUsed() {
    let plan = ArenaPlan([
      ArenaPlan.Piece([.init(0..<160, steps: 0...9), .init(160..<320, steps: 0...2), .init(320..<480, steps: 0...9)]),
      .init(.init(floats: 160, steps: 3...5)), .init(.init(floats: 16, steps: 2...3)),
    ])
    #expect(plan.offsets == [0, 160, 480])
    #expect(plan.floats == 496)
  }

  @Test func aFullSizeNetworkNeedsThreeTensorsOfItsFirstLevel() throws {
    let program = try NetworkProgram(
      .init(
        patch: [128, 128, 128], inputChannels: 1, outputChannels: 3, features: [32, 64, 128, 256, 320, 320],
        kernels: .init(repeating: [3, 3, 3], count: 6), strides: .init(repeating: [2, 2, 2], count: 5)))
    #expect(program.arena.floats == 3 * 32 * 128 * 128 * 128)
  }
}
