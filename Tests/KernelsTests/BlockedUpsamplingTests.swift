import Foundation
import Kernels
import Testing

@Suite struct BlockedUpsamplingTests {
  @Test(arguments: [SIMD3(2, 2, 2), SIMD3(1, 2, 2), SIMD3(2, 1, 1)], [SIMD3(3, 5, 7), SIMD3(6, 12, 33)])
  func eachVoxelBecomesABox(factor: SIMD3<Int>, extent: SIMD3<Int>) {
    let (inputs, outputs) = (21, 18)
    let layer = BlockedUpsampling(input: extent, factor: factor, inputChannels: inputs, outputChannels: outputs)
    let voxels = extent[0] * extent[1] * extent[2]
    let taps = factor[0] * factor[1] * factor[2]
    let planes = randomFloats(inputs * voxels, seed: 1)
    let weights = randomFloats(inputs * outputs * taps, seed: 2)
    let scale = randomFloats(inputs, seed: 3, offset: 1.5)
    let shift = randomFloats(inputs, seed: 4)
    let source = BlockedBench(channels: inputs, extent: extent, planes: planes, pending: (scale, shift, 0.2))
    let values = activated(planes, scale: scale, shift: shift, slope: 0.2)
    var expected: [Double] = []
    for out in 0..<outputs {
      forEachPlace(layer.output) { place in
        let at = SIMD3(place[0] / factor[0], place[1] / factor[1], place[2] / factor[2])
        let tap = place &- at &* factor
        var sum = 0.0
        for channel in 0..<inputs {
          let weight = weights[
            (channel * outputs + out) * taps + (tap[0] * factor[1] + tap[1]) * factor[2] + tap[2]]
          sum += Double(weight) * values[((channel * extent[0] + at[0]) * extent[1] + at[1]) * extent[2] + at[2]]
        }
        expected.append(sum)
      }
    }
    for kernels in BlockedConvolutionTests.levels {
      let bench = LayerBench(threads: 2, weights: layer.packedWeights, scratch: layer.scratch)
      layer.pack(weights, into: bench.weights, pool: bench.pool)
      let target = BlockedBench(channels: outputs, extent: layer.output)
      layer.run(
        source.tensor, weights: bench.weights, target: target.tensor, scratch: bench.scratch, pool: bench.pool,
        kernels: kernels)
      #expect(relativeError(target.planes, expected) < 1e-6, "\(kernels.instructionSet)")
      #expect(target.padding.allSatisfy { $0 == 0 })
    }
  }
}

@Suite struct BlockedHeadTests {
  @Test(arguments: [1, 3, 17], [MirroredAxes.none, .init(z: true, y: true, x: true)])
  func logitsAndProbabilitiesAgreeWithTheOtherHead(classes: Int, mirrored: MirroredAxes) {
    let extent = SIMD3(4, 3, 50)
    let channels = 21
    let voxels = 600
    let planes = randomFloats(channels * voxels, seed: 1)
    let weights = randomFloats(classes * channels, seed: 2)
    let bias = randomFloats(classes, seed: 3)
    let source = BlockedBench(channels: channels, extent: extent, planes: planes)
    let rows = (0..<voxels * channels).map { planes[$0 % channels * voxels + $0 / channels] }
    let layer = BlockedHead(extent: extent, inputChannels: channels, classes: classes)
    let plain = SegmentationHead(extent: extent, inputChannels: channels, classes: classes)
    for use in [
      SegmentationHead.Use.logits, .probabilities(.softmax, weight: 0.5), .probabilities(.sigmoid, weight: 1),
    ] {
      var expected = [Float](repeating: 0.25, count: classes * voxels)
      let slow = Bench(threads: 1, scratchBytes: plain.scratchBytes)
      plain.run(
        source: rows, weights: weights, bias: bias, use: use, mirrored: mirrored, output: &expected,
        scratch: slow.scratch, pool: slow.pool)
      for kernels in BlockedConvolutionTests.levels {
        let bench = LayerBench(threads: 2, weights: layer.packedWeights, scratch: layer.scratch)
        layer.pack(weights, into: bench.weights)
        var output = [Float](repeating: 0.25, count: classes * voxels)
        layer.run(
          source.tensor, weights: bench.weights, bias: bias, use: use, mirrored: mirrored, output: &output,
          scratch: bench.scratch, pool: bench.pool, kernels: kernels)
        #expect(largestDifference(output, expected.map(Double.init)) < 1e-5, "\(kernels.instructionSet)")
      }
    }
  }
}
