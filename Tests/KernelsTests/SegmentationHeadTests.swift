import Foundation
import Kernels
import Testing

@Suite struct SegmentationHeadTests {
  private let extent = SIMD3(4, 3, 50)
  private let channels = 5

  /// Runs a head of `classes`, and computes the same in double; `[class][z][y][x]`.
  private func run(
    classes: Int, bias: [Float]? = nil, use: SegmentationHead.Use, mirrored: MirroredAxes = .none, initial: Float
  ) -> (computed: [Float], expected: [Double]) {
    let head = SegmentationHead(extent: extent, inputChannels: channels, classes: classes)
    let voxels = extent[0] * extent[1] * extent[2]
    let source = randomFloats(voxels * channels, seed: 1).map { $0 * 4 }
    let weights = randomFloats(classes * channels, seed: 2).map { $0 * 4 }
    var output = [Float](repeating: initial, count: classes * voxels)
    let bench = Bench(threads: 2, scratchBytes: head.scratchBytes)
    if let bias {
      head.run(
        source: source, weights: weights, bias: bias, use: use, mirrored: mirrored, output: &output,
        scratch: bench.scratch, pool: bench.pool)
    } else {
      head.run(
        source: source, weights: weights, bias: nil, use: use, mirrored: mirrored, output: &output,
        scratch: bench.scratch, pool: bench.pool)
    }

    var expected = [Double](repeating: 0, count: output.count)
    for z in 0..<extent[0] {
      for y in 0..<extent[1] {
        for x in 0..<extent[2] {
          let from = (z * extent[1] + y) * extent[2] + x
          let logits = (0..<classes).map { label in
            (0..<channels).reduce(Double(bias?[label] ?? 0)) {
              $0 + Double(weights[label * channels + $1]) * Double(source[from * channels + $1])
            }
          }
          let toZ = mirrored.z ? extent[0] - 1 - z : z
          let toY = mirrored.y ? extent[1] - 1 - y : y
          let toX = mirrored.x ? extent[2] - 1 - x : x
          for label in 0..<classes {
            let to = ((label * extent[0] + toZ) * extent[1] + toY) * extent[2] + toX
            switch use {
            case .logits: expected[to] = logits[label]
            case .probabilities(.sigmoid, let weight):
              expected[to] = Double(initial) + Double(weight) / (1 + exp(-logits[label]))
            case .probabilities(.softmax, let weight):
              let sum = logits.reduce(0) { $0 + exp($1 - logits[label]) }
              expected[to] = Double(initial) + Double(weight) / sum
            }
          }
        }
      }
    }
    return (output, expected)
  }

  @Test(arguments: [1, 2, 3, 17], [MirroredAxes.none, .init(x: true), .init(z: true, y: true, x: true)])
  func probabilitiesAreAddedUnflipped(classes: Int, mirrored: MirroredAxes) {
    for activation in [SegmentationHead.Activation.softmax, .sigmoid] {
      let (computed, expected) = run(
        classes: classes, use: .probabilities(activation, weight: 0.125), mirrored: mirrored, initial: 0.5)
      #expect(largestDifference(computed, expected) < 2e-6)
    }
  }

  @Test func logitsOverwriteWhatWasThere() {
    let (computed, expected) = run(classes: 3, bias: [0.5, -1, 2], use: .logits, initial: .nan)
    #expect(largestDifference(computed, expected) < 2e-5)
  }
}
