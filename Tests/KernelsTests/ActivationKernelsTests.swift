import Foundation
import Kernels
import Testing

@Suite struct ActivationKernelsTests {
  /// Every instruction set of this processor, portable included.
  private static var levels: [ActivationKernels] { InstructionSet.available.compactMap(ActivationKernels.init) }

  @Test func thePortableLevelIsAlwaysThere() {
    #expect(InstructionSet.available.first == .portable)
    #expect(InstructionSet.available.last == .best)
  }

  @Test(arguments: [1, 2, 15, 16, 17, 48])
  func softmaxIsWithinTwoUnitsInTheLastPlace(count: Int) {
    let stride = (count + 15) / 16 * 16
    let logits = randomFloats(5 * stride, seed: 3).map { $0 * 30 }
    var results: [[UInt32]] = []
    for kernels in Self.levels {
      var values = logits
      kernels.softmax(&values, classes: 5, count: count, stride: stride)
      for voxel in 0..<count {
        // Differences from the greatest logit are rounded to float32, as in every float32 softmax.
        let own = (0..<5).map { logits[$0 * stride + voxel] }
        let greatest = own.max() ?? 0
        let x = own.map { Double($0 - greatest) }
        for label in 0..<5 {
          let expected = 1 / x.reduce(0) { $0 + exp($1 - x[label]) }
          let found = Double(values[label * stride + voxel])
          // The polynomial, the sum of five and the division: half to one unit each.
          #expect(abs(found - expected) <= 6e-7 * expected)
        }
      }
      results.append((0..<5).flatMap { bits(Array(values[$0 * stride..<$0 * stride + count])) })
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }

  @Test func softmaxOfExtremeLogitsIsFiniteAndOfNotANumberIsNot() {
    for kernels in Self.levels {
      var values = [Float](repeating: 0, count: 32)
      (values[0], values[16]) = (3e38, -3e38)
      (values[1], values[17]) = (-1e4, -1e4)
      (values[2], values[18]) = (.nan, 1)
      kernels.softmax(&values, classes: 2, count: 3, stride: 16)
      #expect(values[0] == 1 && values[16] < 1e-37)
      #expect(values[1] == 0.5 && values[17] == 0.5)
      #expect(values[2].isNaN && values[18].isNaN)
    }
  }

  @Test func sigmoidIsSymmetricAndFinite() {
    for kernels in Self.levels {
      var values: [Float] = [0, 1, -1, 20, -20, 1e4, -1e4, .nan] + [Float](repeating: 0, count: 8)
      let inputs = values
      kernels.sigmoid(&values, classes: 1, count: 8, stride: 16)
      for index in 0..<7 {
        #expect(abs(Double(values[index]) - 1 / (1 + exp(-Double(inputs[index])))) < 1.2e-7)
      }
      #expect(values[7].isNaN)
    }
  }

  @Test(arguments: [1, 3, 16, 33, 64])
  func statisticsKeepTheirDigitsWhenTheMeanIsLarge(channels: Int) {
    let (count, stride) = (200, channels + 3)
    let rows = randomFloats(count * stride, seed: 4, offset: 3000)
    for kernels in Self.levels {
      var mean = [Double](repeating: .nan, count: channels)
      var deviations = mean
      kernels.rowStatistics(
        rows, count: count, channels: channels, stride: stride, mean: &mean, deviations: &deviations)
      for channel in 0..<channels {
        let values = (0..<count).map { Double(rows[$0 * stride + channel]) }
        let expected = values.reduce(0, +) / Double(count)
        let squares = values.reduce(0) { $0 + ($1 - expected) * ($1 - expected) }
        #expect(abs(mean[channel] - expected) < 1e-4)
        #expect(abs(deviations[channel] - squares) < 1e-5 * squares)
      }
    }
  }

  @Test(arguments: [1, 5, 16, 37])
  func normalizationFollowsItsFormula(channels: Int) {
    let count = 11
    let rows = randomFloats(count * channels, seed: 5)
    let mean = randomFloats(channels, seed: 6)
    let scale = randomFloats(channels, seed: 7)
    let shift = randomFloats(channels, seed: 8)
    let expected = rows.indices.map { index in
      let c = index % channels
      let y = (rows[index] - mean[c]) * scale[c] + shift[c]
      return y > 0 ? y : y * 0.2
    }
    for kernels in Self.levels {
      var values = rows
      kernels.normalizeLeaky(
        &values, count: count, channels: channels, mean: mean, scale: scale, shift: shift, slope: 0.2)
      #expect(bits(values) == bits(expected))
    }
  }

  @Test(arguments: [1, 7, 16, 50], [false, true])
  func scaledValuesAreAddedForwardsOrBackwards(count: Int, reversed: Bool) {
    let values = randomFloats(count, seed: 9)
    for kernels in Self.levels {
      var sum = [Float](repeating: 1, count: count)
      kernels.addScaled(&sum, values, count: count, weight: 0.25, reversed: reversed)
      for index in 0..<count { #expect(sum[reversed ? count - 1 - index : index] == 1 + 0.25 * values[index]) }
    }
  }
}
