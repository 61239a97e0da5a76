import Foundation
import NumpyFiles
import RandomStreams
import Testing
import Testkit
import Volumes

@testable import Augmentation

/// Against nnU-Net's loaders (Tests/Peers/oracle_augmentation.py), and what they promise.
@Suite struct PatchSamplerTests {
  private static let oracle = OracleArchive.committed

  private static func settings(_ patch: [Int], batchSize: Int = 2, inPlane: Bool = false) throws -> BatchSettings {
    try BatchSettings(
      patch: patch, batchSize: batchSize, augmentsInPlane: inPlane, usesMask: [false],
      targetExtents: [patch.count == 2 ? [1] + patch : patch])
  }

  @Test func generatorPatchesAreNnunets() throws {
    let table = try Self.oracle.array("generatorPatches")
    for row in 0..<table.shape[0] {
      let numbers = table.values[row * 7..<row * 7 + 7].map { Int($0) }
      let patch = numbers[0] == 2 ? Array(numbers[2...3]) : Array(numbers[1...3])
      let generator = try Self.settings(patch, inPlane: numbers[0] == 1).generatorPatch
      #expect(generator.lengths == Array(numbers[4...]), "\(patch)")
    }
    // Published patches (spec 5.7).
    #expect(try Self.settings([128, 128, 128]).generatorPatch == Extent(z: 205, y: 205, x: 205))
    #expect(try Self.settings([256, 128]).generatorPatch == Extent(z: 1, y: 329, x: 150))
    #expect(try Self.settings([28, 256, 256], inPlane: true).generatorPatch == Extent(z: 28, y: 301, x: 301))
  }

  @Test func theLastThirdOfABatchIsForced() throws {
    let forced = [1: 0, 2: 1, 3: 1, 4: 1, 5: 2, 6: 2, 8: 3, 9: 3, 12: 4, 16: 5, 20: 7, 32: 11, 40: 13]
    for (size, count) in forced {
      let first = try Self.settings([8, 8, 8], batchSize: size).firstForcedItem
      #expect(size - first == count, "\(size)")
    }
  }

  @Test func boundsAreNnunets() throws {
    for number in 0..<4 {
      let numbers = try Self.oracle.parameters("bounds.\(number)").map { Int($0) }
      for axis in 0..<3 {
        let bounds = PatchSampler.bounds(
          length: numbers[axis], size: numbers[3 + axis], patch: numbers[6 + axis])
        #expect(bounds == numbers[9 + 2 * axis]...numbers[10 + 2 * axis], "case \(number), axis \(axis)")
      }
    }
  }

  @Test func forcedPatchesStartWhereNnunetsDo() throws {
    for (name, isFlat) in (0..<4).flatMap({ [("cut.\($0).1", false), ("slice.\($0)", true)] }) {
      let numbers = try Self.oracle.parameters(name).map { Int($0) }
      let shape = try Self.oracle.array("cut.\(name.split(separator: ".")[1])").shape
      let (size, patch) = (Extent(Array(numbers[0..<3])), Extent(Array(numbers[3..<6])))
      let sampler = PatchSampler(
        size: isFlat ? Extent(z: 1, y: size.y, x: size.x) : size, patch: patch, isFlat: isFlat)
      let voxel = numbers[7..<10].map { Int32($0) }
      var random = RandomStream(
        seed: 3, index: BatchIndex(.training, epoch: 0, iteration: 0), item: 1, purpose: .parameters)
      let choice = sampler.draw(
        from: &random, extents: [Extent(Array(shape[1...]))],
        locations: { _ in ForegroundLocations(classes: [voxel]) }, isForced: true)
      #expect(choice.start == Array(numbers[10..<13]), "\(name)")
    }
  }

  @Test func whatIsCutIsNnunets() throws {
    let folder = try TemporaryFolder()
    for number in 0..<4 {
      let array = try Self.oracle.array("cut.\(number)")
      try MadeCases.write("one\(number)", to: folder.url, shape: array.shape, values: array.values, locations: [])
      let one = try MappedCase("one\(number)", in: folder.url, channels: 1, previousStage: nil)
      for name in ["cut.\(number).0", "cut.\(number).1", "slice.\(number)"] {
        let numbers = try Self.oracle.parameters(name).map { Int($0) }
        let expected = try Self.oracle.image("\(name).image")
        let sample = try one.cut(at: Array(numbers[10..<13]), expected.extent)
        #expect(difference(sample.image, expected) == 0, "\(name)")
        #expect(equal(sample.labels, try Self.oracle.labels("\(name).labels")), "\(name)")
      }
    }
  }

  /// nnU-Net pads labels by -1, a first stage's by background.
  @Test func outsideACaseTheFirstStageFoundNothing() throws {
    let folder = try TemporaryFolder()
    let shape = [3, 4, 5]
    let count = shape.reduce(1, *)
    try MadeCases.write(
      "one", to: folder.url, shape: [2] + shape, values: [Float](repeating: 2, count: 2 * count), locations: [])
    try MadeCases.writeBytes(
      folder.url.appending(path: "one_segFromPrevStage.npy"), shape: shape, values: [UInt8](repeating: 3, count: count))
    let one = try MappedCase("one", in: folder.url, channels: 1, previousStage: folder.url)
    let sample = try one.cut(at: [-1, -2, 3], Extent(z: 4, y: 4, x: 4))
    for z in 0..<4 {
      for y in 0..<4 {
        for x in 0..<4 {
          let isInside = z >= 1 && y >= 2 && x < 2
          #expect(sample.image[0, z, y, x] == (isInside ? 2 : 0))
          #expect(sample.labels[0][z, y, x] == (isInside ? 3 : 0))
          #expect(sample.labels[1][z, y, x] == (isInside ? 4 : 1))
        }
      }
    }
    let beside = try one.cut(at: [7, -9, 40], Extent(z: 2, y: 2, x: 2))
    #expect(beside.image.elements.allSatisfy { $0 == 0 } && beside.labels[1].elements.allSatisfy { $0 == 1 })
  }

  /// Bounds: six deviations.
  @Test func choicesAreUniform() throws {
    let draws = 6000
    let locations = ForegroundLocations(classes: [
      [5, 5, 5], [10, 11, 12, 10, 9, 8, 3, 9, 8, 3, 9, 7, 3, 9, 6],
    ])
    let extents = [Extent(z: 20, y: 20, x: 20), Extent(z: 20, y: 20, x: 20), Extent(z: 20, y: 20, x: 20)]
    func counts(isFlat: Bool, isForced: Bool) -> [[Int]: Int] {
      let sampler = PatchSampler(
        size: isFlat ? Extent(z: 1, y: 6, x: 6) : Extent(z: 6, y: 6, x: 6),
        patch: isFlat ? Extent(z: 1, y: 4, x: 4) : Extent(z: 4, y: 4, x: 4), isFlat: isFlat)
      var result: [[Int]: Int] = [:]
      for draw in 0..<draws {
        var random = RandomStream(
          seed: 9, index: BatchIndex(.training, epoch: 0, iteration: draw), item: 0, purpose: .parameters)
        let choice = sampler.draw(from: &random, extents: extents, locations: { _ in locations }, isForced: isForced)
        if isForced {
          result[choice.start, default: 0] += 1
        } else {
          for axis in 0..<3 { result[[axis, choice.start[axis]], default: 0] += 1 }
          result[[3, choice.place], default: 0] += 1
        }
      }
      return result
    }
    func expect(_ count: Int?, _ share: Double, _ what: String) {
      let mean = share * Double(draws)
      #expect(abs(Double(count ?? 0) - mean) < 6 * (mean * (1 - share)).squareRoot(), "\(what)")
    }
    // Two classes alike, whatever their voxels; a class's voxels alike.
    let forced = counts(isFlat: false, isForced: true)
    expect(forced[[2, 2, 2]], 0.5, "the class with one voxel")
    for start in [[7, 8, 9], [7, 6, 5], [0, 6, 5], [0, 6, 4], [0, 6, 3]] { expect(forced[start], 0.1, "\(start)") }
    // Slices alike, whatever their voxels.
    let slices = counts(isFlat: true, isForced: true)
    for start in [[10, 8, 9], [10, 6, 5]] { expect(slices[start], 0.125, "\(start)") }
    for start in [[3, 6, 5], [3, 6, 4], [3, 6, 3]] { expect(slices[start], 1.0 / 12, "\(start)") }
    let free = counts(isFlat: false, isForced: false)
    for place in 0..<3 { expect(free[[3, place]], 1.0 / 3, "case \(place)") }
    for axis in 0..<3 { for start in -1...15 { expect(free[[axis, start]], 1.0 / 17, "axis \(axis), \(start)") } }
    let freeSlices = counts(isFlat: true, isForced: false)
    for slice in 0..<20 { expect(freeSlices[[0, slice]], 1.0 / 20, "slice \(slice)") }
    for start in -1...15 { expect(freeSlices[[2, start]], 1.0 / 17, "x \(start)") }
  }
}
