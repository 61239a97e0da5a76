import Kernels
import Testing

/// Each kernel, at every instruction set of this processor, against a few obvious lines. What resampling makes of the lines'
/// kernels is tested against its definition in PreprocessingTests, what export makes of rows in InferenceTests.
@Suite struct VolumeKernelsTests {
  private static var levels: [VolumeKernels] { InstructionSet.available.compactMap(VolumeKernels.init) }

  /// Taps of a row of `input` values, `scale` input samples for each output sample.
  private struct Taps {
    var lower: [Int32] = []
    var upper: [Int32] = []
    var lowerWeight: [Double] = []
    var upperWeight: [Double] = []

    init(input: Int, output: Int) {
      for index in 0..<output {
        let place = min(max((Double(index) + 0.5) * Double(input) / Double(output) - 0.5, 0), Double(input - 1))
        lower.append(Int32(place))
        upper.append(min(lower[index] + 1, Int32(input - 1)))
        upperWeight.append(place - Double(lower[index]))
        lowerWeight.append(1 - upperWeight[index])
      }
    }

    func with<Result>(input: Int, _ body: (RowTaps) -> Result) -> Result {
      lower.withUnsafeBufferPointer { lower in
        upper.withUnsafeBufferPointer { upper in
          lowerWeight.withUnsafeBufferPointer { lowerWeight in
            upperWeight.withUnsafeBufferPointer { upperWeight in
              body(
                RowTaps(
                  inputCount: input, outputCount: lower.count, lower: lower.baseAddress!, upper: upper.baseAddress!,
                  lowerWeight: lowerWeight.baseAddress!, upperWeight: upperWeight.baseAddress!))
            }
          }
        }
      }
    }
  }

  @Test(arguments: [(1, 1), (1, 30), (7, 20), (40, 77), (33, 33), (100, 31), (300, 17), (266, 512)])
  func rowsAreInterpolatedToTheLastBit(input: Int, output: Int) {
    let rows = [randomFloats(input, seed: 1), randomFloats(input, seed: 2)]
    let taps = Taps(input: input, output: output)
    let blended = (0..<input).map { Double(rows[0][$0]) * 0.3 + Double(rows[1][$0]) * 0.7 }
    let expected = (0..<output).map {
      blended[Int(taps.lower[$0])] * taps.lowerWeight[$0] + blended[Int(taps.upper[$0])] * taps.upperWeight[$0]
    }
    for kernels in Self.levels {
      var found = [Double](repeating: .nan, count: output)
      var scratch = [Double](repeating: .nan, count: input + VolumeKernels.rowScratchPadding)
      taps.with(input: input) {
        kernels.interpolateRow(
          $0, lower: rows[0], upper: rows[1], weights: (0.3, 0.7), scratch: &scratch, into: &found)
      }
      #expect(found == expected, "\(kernels.instructionSet)")
    }
  }

  @Test(arguments: [1, 15, 16, 17, 50]) func theLargestBlendedClassWinsAndTheLowestOfEquals(count: Int) {
    let (classes, stride) = (26, count + 3)
    // Few distinct values, so that ties are common; some that are no numbers.
    func rows(_ seed: UInt64) -> [Double] {
      randomFloats(classes * stride, seed: seed).map { $0 > 0.9 ? .nan : Double(($0 * 4).rounded()) }
    }
    let (below, above) = (rows(3), rows(4))
    let expected: [UInt8] = (0..<count).map { place in
      var best: (value: Float, label: Int) = (-.infinity, 0)
      for label in 0..<classes {
        let value = Float(below[label * stride + place] * 0.25 + above[label * stride + place] * 0.75)
        if value > best.value { best = (value, label) }
      }
      return UInt8(best.label)
    }
    for kernels in Self.levels {
      var labels = [UInt8](repeating: 99, count: count)
      kernels.decide(
        below, above, weights: (0.25, 0.75), classes: classes, classStride: stride, count: count, into: &labels)
      #expect(labels == expected, "\(kernels.instructionSet)")
      var values = [Float](repeating: .nan, count: count)
      kernels.blend(below, above, weights: (0.25, 0.75), count: count, into: &values)
      for place in 0..<count {
        let expected = Float(below[place] * 0.25 + above[place] * 0.75)
        #expect(values[place] == expected || (values[place].isNaN && expected.isNaN))
      }
    }
  }

  @Test(arguments: [1, 16, 37]) func sumsAreRoundedAfterEachStep(count: Int) {
    let (values, weights) = (randomFloats(count, seed: 5), randomFloats(count, seed: 6, offset: 2))
    let start = randomFloats(count, seed: 7)
    for kernels in Self.levels {
      var sums = start
      kernels.addWeighted(&sums, values, weights, count: count)
      kernels.add(&sums, values, count: count)
      kernels.divide(&sums, by: weights, count: count)
      let expected = (0..<count).map { index -> Float in
        let product = values[index] * weights[index]
        let sum: Float = start[index] + product
        return (sum + values[index]) / weights[index]
      }
      #expect(bits(sums) == bits(expected), "\(kernels.instructionSet)")
    }
  }

  @Test(arguments: [1, 16, 50], [1, 3]) func rangesPassOverOrCountWhatIsNoNumber(count: Int, stride: Int) {
    var values = randomFloats(count * stride, seed: 8, offset: 5)
    values[0] = .nan
    let known = Swift.stride(from: 0, to: values.count, by: stride).map { values[$0] }.filter { !$0.isNaN }
    for kernels in Self.levels {
      for replacesNaN in [false, true] {
        var (lower, upper) = (Float.infinity, -Float.infinity)
        kernels.extend(
          lower: &lower, upper: &upper, by: values, count: count, stride: stride, replacesNaN: replacesNaN)
        let expected = known + (replacesNaN ? [0] : [])
        #expect(lower == expected.min() ?? .infinity && upper == expected.max() ?? -.infinity)
      }
      var clipped: [Float] = values
      kernels.clip(&clipped, count: clipped.count, lower: 4.9, upper: 5.1)
      for (before, after) in zip(values, clipped) {
        #expect(before.isNaN ? after.isNaN : after == min(max(before, 4.9), 5.1))
      }
    }
  }

  /// Lines of one length and order have the same bits at every instruction set, however many there are and wherever they lie.
  @Test(arguments: [0, 1, 3], [1, 16, 21]) func linesHaveTheSameBitsEverywhere(order: Int, count: Int) {
    let (input, output, padding) = (9, 14, order == 3 ? 12 : 0)
    let lines = randomFloats(input * count, seed: 9)
    var (indices, weights): ([Int], [Double]) = ([], [])
    for sample in 0..<output {
      for tap in 0...order {
        indices.append(min(max(padding + sample * input / output + tap - order / 2, 0), input + 2 * padding - 1))
        weights.append(order == 0 ? 1 : Double(tap + 1) / 10)
      }
    }
    func resized(_ kernels: VolumeKernels, sideBySide: Bool) -> [Float] {
      // `[sample, line]` or `[line, sample]`: the same lines, in another place.
      let source =
        sideBySide ? lines : (0..<lines.count).map { lines[$0 % input * count + $0 / input] }
      var result = [Float](repeating: .nan, count: output * count)
      let scratch = UnsafeMutableRawPointer.allocate(
        byteCount: (input + 2 * padding) * VolumeKernels.lineLanes * 8, alignment: 64)
      defer { scratch.deallocate() }
      source.withUnsafeBufferPointer { source in
        result.withUnsafeMutableBufferPointer { result in
          kernels.resizeLines(
            LineTaps(
              order: order, inputCount: input, outputCount: output, padding: padding, indices: indices, weights: weights
            ),
            count: count,
            from: StridedLines(
              source.baseAddress!, sampleStride: sideBySide ? count : 1, laneStride: sideBySide ? 1 : input),
            into: StridedLines(result.baseAddress!, sampleStride: count, laneStride: 1), replacesNaN: true,
            scratch: scratch.assumingMemoryBound(to: Double.self))
        }
      }
      return result
    }
    let expected = bits(resized(Self.levels[0], sideBySide: true))
    for kernels in Self.levels {
      #expect(bits(resized(kernels, sideBySide: true)) == expected)
      #expect(bits(resized(kernels, sideBySide: false)) == expected)
    }
  }
}
