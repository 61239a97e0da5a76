import Augmentation
import Foundation
import Testing
import Testkit
import Volumes

/// What a batch costs: one thread must keep up with the network. `Tests/Peers/augmentation_speed.py` measures nnU-Net with the same cases;
/// the limits are its times.
@Suite struct BatchSpeedTests {
  private static let batches = 12

  @Test(arguments: [
    ([40, 40, 32], 2, [80, 93, 75], 0.034), ([96, 80], 36, [80, 93, 75], 0.069),
    ([64, 64, 64], 2, [120, 120, 120], 0.188),
  ])
  func aBatchTakesLessThanNnunets(patch: [Int], batchSize: Int, size: [Int], limit: Double) throws {
    let folder = try TemporaryFolder()
    try Self.makeCase(folder.url, size: size)
    let extent = patch.count == 2 ? [1] + patch : patch
    let settings = try BatchSettings(
      patch: patch, batchSize: batchSize, augmentsInPlane: false, usesMask: [true],
      targetExtents: [extent, [max(1, extent[0] / 2), extent[1] / 2, extent[2] / 2]])
    let source = try BatchSource(folder: folder.url, training: ["case"], validation: [], settings: settings, seed: 2)
    _ = try source.batch(BatchIndex(.training, epoch: 1, iteration: 0))
    let start = ThreadTime.seconds
    for iteration in 0..<Self.batches {
      _ = try source.batch(BatchIndex(.training, epoch: 0, iteration: iteration))
    }
    let mean = (ThreadTime.seconds - start) / Double(Self.batches)
    print("\(patch), batch \(batchSize): \(mean) s of one thread")
    #expect(mean < limit)
  }

  /// A ball of labels 0 to 2, -1 around it, in noise.
  private static func makeCase(_ folder: URL, size: [Int]) throws {
    let count = size.reduce(1, *)
    var random = SplitMix64(seed: 1)
    var values = (0..<count).map { _ in Float(random.next() >> 40) / Float(1 << 24) }
    let squares = size.map { length in
      (0..<length).map { index in
        let place = 2 * Float(index) / Float(length - 1) - 1
        return place * place
      }
    }
    var places: [[[Int]]] = [[], []]
    for z in 0..<size[0] {
      for y in 0..<size[1] {
        for x in 0..<size[2] {
          let square = squares[0][z] + squares[1][y] + squares[2][x]
          let label = square < 0.25 ? 2 : square < 0.64 ? 1 : square < 1 ? 0 : -1
          values.append(Float(label))
          if label > 0, places[label - 1].count < 10_000 { places[label - 1].append([z, y, x]) }
        }
      }
    }
    try MadeCases.writeUnpacked(
      "case", to: folder, shape: [2] + size, values: values, locations: [(1, places[0]), (2, places[1])])
  }
}
