import ModelStore
import Testing

@testable import Training

@Suite struct FoldSeedsTests {
  @Test func eachFoldOfEachSeedDrawsForItself() {
    let folds = (0..<5).map { FoldName($0) } + [.all]
    let seeds = (1...20 as ClosedRange<UInt64>).flatMap { seed in folds.map { FoldSeeds(seed, fold: $0) } }
    #expect(Set(seeds.flatMap { [$0.weights, $0.batches] }).count == 2 * seeds.count)
    #expect(FoldSeeds(7, fold: FoldName(3)) == FoldSeeds(7, fold: FoldName("fold_3")))
  }
}
