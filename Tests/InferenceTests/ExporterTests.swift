import Foundation
import Kernels
import ModelPlans
import Preprocessing
import SlidingWindow
import Testing
import Testkit
import Volumes

@testable import Inference

private func randomProbabilities(classes: Int, extent: Extent, seed: UInt64) -> ChannelVolume {
  var generator = SplitMix64(seed: seed)
  let volume = ChannelVolume(channels: classes, extent: extent)
  for index in volume.elements.indices { volume.elements[index] = Float.random(in: 0...1, using: &generator) }
  return volume
}

private func properties(
  original: [Int], lower: [Int], upper: [Int], network: [Int], axes: [Int] = [0, 1, 2],
  spacing: [Double] = [1, 1, 1], networkSpacing: [Double] = [1, 1, 1]
) -> CaseProperties {
  CaseProperties(
    originalExtent: Extent(original), originalSpacing: Spacing(spacing),
    cropBox: VoxelBox(lower: Extent(lower), upper: Extent(upper)), resampledExtent: Extent(network),
    spacingAfterResampling: Spacing(networkSpacing), transposeForward: AxisOrder(order: axes)!)
}

/// Feeds `volume` to an exporter in slabs of `planes`.
private func export(
  _ volume: ChannelVolume, _ properties: CaseProperties, parameters: ExportParameters = ExportParameters(),
  rule: LabelRule = .largest, planes: Int = 3, threads: Int = 2, probabilities: HalfPrecisionFile? = nil
) throws -> LabelVolume {
  let exporter = try Exporter(
    properties: properties, interpolation: ExportInterpolation(properties, parameters: parameters),
    classes: volume.channels, rule: rule, pool: ComputePool(threads: threads), probabilities: probabilities)
  for start in stride(from: 0, to: volume.extent.z, by: planes) {
    let range = start..<min(start + planes, volume.extent.z)
    let slab = ChannelVolume(
      channels: volume.channels, extent: Extent(z: range.count, y: volume.extent.y, x: volume.extent.x))
    for channel in 0..<volume.channels {
      for z in range {
        for y in 0..<volume.extent.y {
          for x in 0..<volume.extent.x { slab[channel, z - range.lowerBound, y, x] = volume[channel, z, y, x] }
        }
      }
    }
    try exporter.consume(ProbabilitySlab(planes: range, probabilities: slab))
  }
  return try exporter.finish()
}

/// The slow, obvious twin: each probability of the cropped image, in the image's order, as the sum over all taps, in float64.
private func resampledAsAWhole(_ volume: ChannelVolume, _ properties: CaseProperties) throws -> ChannelVolume {
  let orders = try ExportInterpolation(properties, parameters: ExportParameters()).orders
  let axes = properties.transposeForward
  let output = axes.apply(properties.croppedExtent)
  let taps = try (0..<3).map {
    try AxisTaps.make(order: orders[$0], from: properties.resampledExtent[$0], to: output[$0])
  }
  let result = ChannelVolume(channels: volume.channels, extent: properties.croppedExtent)
  func pairs(_ axis: Int, _ sample: Int) -> [(index: Int, weight: Double)] {
    (0..<taps[axis].width).map { tap in
      let place = sample * taps[axis].width + tap
      return (taps[axis].indices[place], taps[axis].weights[place])
    }
  }
  for channel in 0..<volume.channels {
    for z in 0..<output.z {
      for y in 0..<output.y {
        for x in 0..<output.x {
          var sum = 0.0
          for a in pairs(0, z) {
            for b in pairs(1, y) {
              for c in pairs(2, x) {
                sum += Double(volume[channel, a.index, b.index, c.index]) * a.weight * b.weight * c.weight
              }
            }
          }
          let back = axes.inverse.order.map { [z, y, x][$0] }
          result[channel, back[0], back[1], back[2]] = Float(sum)
        }
      }
    }
  }
  return result
}

@Suite struct ExporterTests {
  @Test func sameExtentIsLeftUntouched() throws {
    let volume = randomProbabilities(classes: 3, extent: Extent(z: 5, y: 6, x: 7), seed: 1)
    let case1 = properties(original: [9, 9, 9], lower: [1, 2, 0], upper: [6, 8, 7], network: [5, 6, 7])
    let labels = try export(volume, case1)
    for z in 0..<9 {
      for y in 0..<9 {
        for x in 0..<9 {
          guard (1..<6).contains(z), (2..<8).contains(y), x < 7 else {
            #expect(labels[z, y, x] == 0, "outside the crop box is background")
            continue
          }
          let values = (0..<3).map { volume[$0, z - 1, y - 2, x] }
          #expect(Int(labels[z, y, x]) == values.firstIndex(of: values.max()!))
        }
      }
    }
  }

  @Test func equalProbabilitiesGoToTheLowestClass() throws {
    let volume = ChannelVolume(channels: 3, extent: Extent(z: 1, y: 1, x: 2))
    for (index, value) in [0.25, 0, 0.375, 0.5, 0.375, 0.5].enumerated() { volume.elements[index] = Float(value) }
    let labels = try export(
      volume, properties(original: [1, 1, 2], lower: [0, 0, 0], upper: [1, 1, 2], network: [1, 1, 2]))
    #expect(Array(labels.elements) == [1, 1])
  }

  @Test func laterRegionsWinAndAHalfIsNotEnough() throws {
    let volume = ChannelVolume(channels: 2, extent: Extent(z: 1, y: 1, x: 4))
    for (index, value) in [0.9, 0.9, 0.5, 0.1, 0.1, 0.6, 0.5, 0.7].enumerated() {
      volume.elements[index] = Float(value)
    }
    let labels = try export(
      volume, properties(original: [1, 1, 4], lower: [0, 0, 0], upper: [1, 1, 4], network: [1, 1, 4]),
      rule: .regions(order: [4, 2]))
    #expect(Array(labels.elements) == [4, 2, 0, 2])
  }

  /// Random shapes, axis orders and spacings; labels and float16 probabilities must be those of the twin. Sums in another order
  /// differ by 1e-16, so at most in the last bit of float32: only float16 values on a rounding boundary may differ.
  @Test func streamingAgreesWithResamplingAsAWhole() throws {
    var generator = SplitMix64(seed: 2)
    let folder = try TemporaryFolder()
    var permutations = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    for seed in 0..<48 as Range<UInt64> {
      permutations.append(permutations.removeFirst())
      let network = (0..<3).map { _ in Int.random(in: 1...9, using: &generator) }
      let lower = (0..<3).map { _ in Int.random(in: 0...2, using: &generator) }
      let upper = lower.map { $0 + Int.random(in: 1...14, using: &generator) }
      let isThick = seed % 3 == 0
      let thickAxis = Int.random(in: 0..<3, using: &generator)
      let spacing = (0..<3).map { isThick && $0 == thickAxis ? 5.0 : 1.0 }
      let example = properties(
        original: upper.map { $0 + 1 }, lower: lower, upper: upper, network: network, axes: permutations[0],
        spacing: spacing)
      let volume = randomProbabilities(classes: 4, extent: Extent(network), seed: seed)
      let file = try HalfPrecisionFile(
        channels: 4, extent: example.croppedExtent, axes: example.transposeForward, in: folder.url)
      let labels = try export(
        volume, example, planes: .random(in: 1...4, using: &generator), threads: Int(seed % 3) + 1, probabilities: file)
      let archive = folder.url.appending(path: "case.npz")
      try SoftmaxArchive.write(file, to: archive)
      let kept = try SoftmaxArchive.open(archive, scratch: folder.url)
      let twin = try resampledAsAWhole(volume, example)
      #expect(kept.extent == twin.extent && kept.channels == 4)
      let count = twin.extent.count
      for voxel in 0..<count {
        let values = (0..<4).map { twin.elements[$0 * count + voxel] }
        for channel in 0..<4 {
          #expect(abs(kept.value(at: channel * count + voxel) - values[channel]) <= 0x1p-12)
        }
        let place = [
          voxel / (twin.extent.y * twin.extent.x), voxel / twin.extent.x % twin.extent.y, voxel % twin.extent.x,
        ]
        let label = labels[place[0] + lower[0], place[1] + lower[1], place[2] + lower[2]]
        #expect(values[Int(label)] >= values.max()!.nextDown)
      }
      let again = try export(volume, example, planes: 9, threads: 3)
      #expect(again.elements.elementsEqual(labels.elements), "neither slabs nor threads matter")
    }
  }

  @Test func coarseAxisOfTheNetworksSpacingIsTakenAsAnAxisOfTheImage() throws {
    // Transposed order [2, 0, 1]: the image's axis 2 is the network's axis 0.
    let axes = [2, 0, 1]
    let byImage = properties(
      original: [9, 9, 9], lower: [0, 0, 0], upper: [9, 9, 9], network: [9, 9, 9], axes: axes, spacing: [1, 1, 4])
    #expect(try ExportInterpolation(byImage, parameters: ExportParameters()).orders == [0, 1, 1])
    // nnU-Net's slip: the network's axis 0 is coarse, and the image's axis 0 (the network's axis 1) is taken.
    let byNetwork = properties(
      original: [9, 9, 9], lower: [0, 0, 0], upper: [9, 9, 9], network: [9, 9, 9], axes: axes,
      networkSpacing: [4, 1, 1])
    #expect(try ExportInterpolation(byNetwork, parameters: ExportParameters()).orders == [1, 0, 1])
    #expect(
      try ExportInterpolation(byNetwork, parameters: ExportParameters(forceSeparateZ: false)).orders == [1, 1, 1])
    #expect(throws: InferenceError.self) { try ExportInterpolation(byImage, parameters: ExportParameters(order: 3)) }
    #expect(throws: InferenceError.self) { try ExportInterpolation(byImage, parameters: ExportParameters(orderZ: 1)) }
  }

  @Test func planesThatDoNotFollowAreRefused() throws {
    let whole = properties(original: [4, 4, 4], lower: [0, 0, 0], upper: [4, 4, 4], network: [4, 4, 4])
    let volume = randomProbabilities(classes: 2, extent: Extent(z: 2, y: 4, x: 4), seed: 3)
    let exporter = try Exporter(
      properties: whole, interpolation: ExportInterpolation(whole, parameters: ExportParameters()), classes: 2,
      rule: .largest, pool: ComputePool(threads: 1))
    #expect(throws: InferenceError.self, "the first plane is missing") {
      try exporter.consume(ProbabilitySlab(planes: 1..<3, probabilities: volume))
    }
    try exporter.consume(ProbabilitySlab(planes: 0..<2, probabilities: volume))
    #expect(throws: InferenceError.self, "half of it is missing") { try exporter.finish() }
  }

  @Test func labelsAreCountedAndMeasured() {
    let map = LabelVolume(extent: Extent(z: 1, y: 2, x: 4))
    for (index, label) in [0, 2, 2, 0, 7, 0, 0, 0].enumerated() { map.elements[index] = UInt8(label) }
    let statistics = LabelStatistics.measure(map, spacing: Spacing(z: 2, y: 5, x: 50), labels: [0, 1, 2])
    #expect(
      statistics == [
        LabelStatistics(label: 0, voxels: 5, millilitres: 2.5), LabelStatistics(label: 1, voxels: 0, millilitres: 0),
        LabelStatistics(label: 2, voxels: 2, millilitres: 1), LabelStatistics(label: 7, voxels: 1, millilitres: 0.5),
      ])
  }
}
