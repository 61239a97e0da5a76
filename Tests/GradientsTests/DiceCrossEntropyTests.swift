import Foundation
import Kernels
import Testing

/// Against values of nnU-Net's DC_and_CE_loss in double, and against finite differences.
@Suite struct DiceCrossEntropyTests {
  private struct Batch {
    var logits: [[Double]]
    var targets: [[UInt8]]
    var classes: Int
    var voxels: Int { targets[0].count }
  }

  /// Two samples, three classes, 2x2 voxels.
  private static let batch = Batch(
    logits: (0..<2).map { sample in (0..<12).map { logit(12 * sample + $0) } },
    targets: [[0, 1, 2, 0], [1, 2, 0, 1]], classes: 3)

  private static func logit(_ number: Int) -> Double { Double(number * 7 % 11) / 5 - 1 }

  private func run(
    _ batch: Batch, batchDice: Bool, threads: Int = 1
  ) -> (value: DiceCrossEntropy.Value, gradients: [[Float]]) {
    let pool = ComputePool(threads: threads)
    let loss = DiceCrossEntropy(
      classes: batch.classes, voxels: batch.voxels, batch: batch.logits.count, batchDice: batchDice)
    var values = batch.logits.map { $0.map(Float.init) }
    let sums = values.indices.map { loss.sums(&values[$0], targets: batch.targets[$0], pool: pool) }
    let value = loss.value(sums)
    for sample in values.indices {
      loss.gradient(
        &values[sample], targets: batch.targets[sample], value: value, sample: sample, weight: 1, pool: pool)
    }
    return (value, values)
  }

  @Test func valuesOfTheBatchAreNnunets() {
    let (value, gradients) = run(Self.batch, batchDice: true)
    #expect(abs(value.loss - 1.2475967123) < 1e-6)
    #expect(abs(value.dice + 0.1781733293) < 1e-6)
    #expect(abs(value.crossEntropy - 1.4257700416) < 1e-6)
    for (place, expected) in [(0, -0.10482268), (4, 0.07481513), (8, 0.03000755)] {
      #expect(abs(Double(gradients[0][place]) - expected) < 1e-7)
    }
  }

  @Test func valuesOfEachSampleAreNnunets() {
    let (value, gradients) = run(Self.batch, batchDice: false)
    #expect(abs(value.loss - 1.2489377135) < 1e-6)
    #expect(abs(value.dice + 0.1768323281) < 1e-6)
    for (place, expected) in [(0, -0.10468541), (4, 0.07381604), (8, 0.03086937)] {
      #expect(abs(Double(gradients[0][place]) - expected) < 1e-7)
    }
  }

  @Test(arguments: [true, false])
  func theGradientIsThatOfThePlainFormula(batchDice: Bool) {
    let (_, gradients) = run(Self.batch, batchDice: batchDice)
    let plain = PlainLoss(classes: 3, batchDice: batchDice)
    let step = 1e-6
    for sample in 0..<2 {
      for place in 0..<12 {
        var (above, below) = (Self.batch.logits, Self.batch.logits)
        above[sample][place] += step
        below[sample][place] -= step
        let difference =
          (plain.value(above, Self.batch.targets) - plain.value(below, Self.batch.targets)) / (2 * step)
        #expect(abs(Double(gradients[sample][place]) - difference) < 2e-7)
      }
    }
  }

  /// A class that isn't there has a Dice near 0 and counts.
  @Test func anAbsentClassCounts() {
    var batch = Self.batch
    batch.targets = batch.targets.map { $0.map { $0 == 2 ? 0 : $0 } }
    let (value, _) = run(batch, batchDice: true)
    #expect(abs(value.loss - PlainLoss(classes: 3, batchDice: true).value(batch.logits, batch.targets)) < 1e-6)
  }

  @Test func aProbabilityTooSmallForAFloatHasAFiniteLoss() {
    let batch = Batch(logits: [[0, 0, 200, -200]], targets: [[0, 1]], classes: 2)
    let (value, gradients) = run(batch, batchDice: true)
    #expect(abs(value.crossEntropy - 200) < 1e-4)
    #expect(gradients[0].allSatisfy { $0.isFinite })
  }

  @Test func anyNumberOfThreadsGivesTheSameBits() {
    let voxels = 10_007
    let batch = Batch(
      logits: [(0..<4 * voxels).map { sin(Double($0)) }], targets: [(0..<voxels).map { UInt8($0 % 4) }], classes: 4)
    let one = run(batch, batchDice: true)
    for threads in 2...4 {
      let many = run(batch, batchDice: true, threads: threads)
      #expect(many.value.loss == one.value.loss && many.gradients == one.gradients)
    }
  }
}
