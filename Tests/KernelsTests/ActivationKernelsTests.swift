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

  /// What lies between the rows isn't theirs.
  @Test(arguments: [1, 3, 8, 16, 24, 33, 64], [1, 2, 3, 200])
  func statisticsKeepTheirDigitsWhenTheMeanIsLarge(channels: Int, count: Int) {
    let stride = channels + 3
    var rows = randomFloats(count * stride, seed: 4, offset: 3000)
    for place in rows.indices where place % stride >= channels { rows[place] = .nan }
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
        #expect(abs(deviations[channel] - squares) <= 1e-5 * squares)
      }
    }
  }

  /// Rows of `channels` values, `stride` apart, with a guard between them that nobody may touch.
  @Test(arguments: [1, 5, 8, 15, 16, 17, 31, 37, 48], [false, true])
  func normalizationFollowsItsFormula(channels: Int, adding: Bool) {
    let count = 11
    let stride = channels + 3
    let rows = randomFloats(count * stride, seed: 5)
    let residual = randomFloats(count * stride, seed: 10)
    let mean = randomFloats(channels, seed: 6)
    let scale = randomFloats(channels, seed: 7)
    let shift = randomFloats(channels, seed: 8)
    let floor = randomFloats(channels, seed: 9)
    func expected(_ activation: (Float, Int) -> Float) -> [Float] {
      rows.indices.map { index in
        let c = index % stride
        guard c < channels else { return rows[index] }
        let y = (rows[index] - mean[c]) * scale[c] + shift[c]
        return activation(adding ? y + residual[index] : y, c)
      }
    }
    for kernels in Self.levels {
      func computed(_ activation: (UnsafePointer<Float>) -> BlockActivation) -> [Float] {
        var values = rows
        residual.withUnsafeBufferPointer { residual in
          floor.withUnsafeBufferPointer { floor in
            withAffine(mean, scale, shift) {
              kernels.normalize(
                &values, count: count, channels: channels, stride: stride, affine: $0,
                residual: adding ? residual.baseAddress : nil, activation: activation(floor.baseAddress!))
            }
          }
        }
        return values
      }
      #expect(bits(computed { _ in .leakyReLU(slope: 0.2) }) == bits(expected { y, _ in y > 0 ? y : y * 0.2 }))
      #expect(bits(computed { .floor($0) }) == bits(expected { max($0, floor[$1]) }))
      // To the accuracy of the two functions, which have a test of their own.
      let (gelu, mish) = (computed { _ in .gelu }, computed { _ in .mish })
      for (index, plain) in expected({ y, _ in y }).enumerated() {
        let inside = index % stride < channels
        #expect(abs(gelu[index] - (inside ? exactGELU(plain) : plain)) < 1e-6)
        #expect(abs(mish[index] - (inside ? exactMish(plain) : plain)) < 1e-6)
      }
    }
  }

  private func withAffine(
    _ mean: [Float], _ scale: [Float], _ shift: [Float], _ body: (ChannelAffine) -> Void
  ) {
    mean.withUnsafeBufferPointer { mean in
      scale.withUnsafeBufferPointer { scale in
        shift.withUnsafeBufferPointer {
          body(ChannelAffine(mean: mean.baseAddress, scale: scale.baseAddress, shift: $0.baseAddress))
        }
      }
    }
  }

  private func exactGELU(_ x: Float) -> Float { Float(Double(x) * 0.5 * erfc(-Double(x) / 2.0.squareRoot())) }
  private func exactMish(_ x: Float) -> Float {
    let x = Double(x)
    return Float(x * tanh(x > 0 ? x + log1p(exp(-x)) : log1p(exp(x))))
  }

  @Test func smoothActivationsAreAccurateFromTheTailsToTheFarRight() {
    let inputs = stride(from: Float(-9), through: 40, by: 0.00731).map { $0 } + [-0.0, 0, 1e-30, -1e-30, 3e38]
    var results: [[UInt32]] = []
    for kernels in Self.levels {
      var (gelu, mish) = (inputs, inputs)
      kernels.normalize(
        &gelu, count: inputs.count, channels: 1, stride: 1, affine: ChannelAffine(), activation: .gelu)
      kernels.normalize(
        &mish, count: inputs.count, channels: 1, stride: 1, affine: ChannelAffine(), activation: .mish)
      for (index, x) in inputs.enumerated() {
        // In the left tail the exponent's own rounding counts: x^2 / 2 units in the last place.
        let tail = 1 + max(0, -x) * max(0, -x) / 2
        #expect(abs(gelu[index] - exactGELU(x)) <= 5e-7 * tail * abs(exactGELU(x)) + 1e-36, "GELU of \(x)")
        #expect(abs(mish[index] - exactMish(x)) <= 5e-7 * abs(exactMish(x)) + 1e-36, "Mish of \(x)")
      }
      results.append(bits(gelu + mish))
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }

  @Test func notANumberStaysWhatItIs() {
    for kernels in Self.levels {
      for activation in [BlockActivation.leakyReLU(slope: 0.01), .gelu, .mish] {
        var values: [Float] = [.nan, .infinity]
        kernels.normalize(&values, count: 2, channels: 1, stride: 1, affine: ChannelAffine(), activation: activation)
        #expect(values[0].isNaN && values[1] == .infinity)
      }
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
