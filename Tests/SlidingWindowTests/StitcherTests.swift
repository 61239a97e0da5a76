import Kernels
import SlidingWindow
import Testing
import Testkit
import Volumes

/// Answers with the patch itself, so that the way there and back must give the volume again
/// (after chunkflow's identity predictor).
struct IdentityPredictor: PatchPredictor {
  let classes: Int
  func predict(_ patch: ChannelVolume, into probabilities: ChannelVolume) {
    _ = probabilities.elements.update(from: patch.elements)
  }
}

/// Answers with noise that depends on the tile only, so that neighbouring tiles disagree.
struct NoiseTiles: TileSource {
  let plan: TilePlan
  let classes: Int
  let seed: UInt64
  func probabilities(of tile: TilePlan.Tile, planes: Range<Int>) -> ChannelVolume {
    randomVolume(channels: classes, extent: plan.patch, seed: seed &+ UInt64(tile.index))
  }
  func release(_ tile: TilePlan.Tile) {}
}

func randomVolume(channels: Int, extent: Extent, seed: UInt64) -> ChannelVolume {
  var generator = SplitMix64(seed: seed)
  let volume = ChannelVolume(channels: channels, extent: extent)
  for index in volume.elements.indices { volume.elements[index] = Float.random(in: 0...1, using: &generator) }
  return volume
}

/// All slabs of a run, put together.
func stitched(_ stitcher: Stitcher, _ tiles: some TileSource, threads: Int) throws -> ChannelVolume {
  let extent = stitcher.plan.volume
  let whole = ChannelVolume(channels: stitcher.classes, extent: extent)
  var next = 0
  try stitcher.run(tiles: tiles, pool: ComputePool(threads: threads)) { slab in
    #expect(slab.planes.lowerBound == next && !slab.planes.isEmpty, "planes come in order, each once")
    next = slab.planes.upperBound
    for channel in 0..<stitcher.classes {
      let from = slab.probabilities.channel(channel)
      let start = slab.planes.lowerBound * extent.y * extent.x
      for index in from.indices { whole.channel(channel)[start + index] = from[index] }
    }
  }
  #expect(next == extent.z)
  return whole
}

/// The slow, obvious twin: whole tiles are added to a whole padded volume, which is divided and cropped in the end.
func accumulatedAsAWhole(_ stitcher: Stitcher, _ tiles: some TileSource) throws -> ChannelVolume {
  let plan = stitcher.plan
  let classes = stitcher.classes
  let sums = ChannelVolume(channels: classes, extent: plan.padded)
  let weights = ChannelVolume(channels: 1, extent: plan.padded)
  let importance =
    plan.isWeighted
    ? ImportanceMap(patch: plan.patch, window: plan.window).weights : [Float](repeating: 1, count: plan.patch.count)
  for index in 0..<plan.tileCount {
    let tile = plan.tile(index)
    let probabilities = try tiles.probabilities(of: tile, planes: 0..<plan.patch.z)
    for z in 0..<plan.patch.z {
      for y in 0..<plan.patch.y {
        for x in 0..<plan.patch.x {
          let weight = importance[(z * plan.patch.y + y) * plan.patch.x + x]
          let at = Extent(z: tile.start.z + z, y: tile.start.y + y, x: tile.start.x + x)
          weights[0, at.z, at.y, at.x] += weight
          for channel in 0..<classes {
            sums[channel, at.z, at.y, at.x] += probabilities[channel, z, y, x] * weight
          }
        }
      }
    }
  }
  let result = ChannelVolume(channels: classes, extent: plan.volume)
  for channel in 0..<classes {
    for z in 0..<plan.volume.z {
      for y in 0..<plan.volume.y {
        for x in 0..<plan.volume.x {
          let at = Extent(z: z + plan.paddingBelow.z, y: y + plan.paddingBelow.y, x: x + plan.paddingBelow.x)
          result[channel, z, y, x] = sums[channel, at.z, at.y, at.x] / weights[0, at.z, at.y, at.x]
        }
      }
    }
  }
  return result
}

func sameBits(_ a: ChannelVolume, _ b: ChannelVolume) -> Bool {
  a.channels == b.channels && a.extent == b.extent
    && zip(a.elements, b.elements).allSatisfy { $0.bitPattern == $1.bitPattern }
}

@Suite struct StitcherTests {
  @Test(arguments: [
    ([16, 16, 16], [8, 8, 8]), ([17, 23, 9], [8, 6, 4]), ([5, 7, 3], [8, 8, 8]), ([5, 40, 11], [8, 8, 16]),
    ([1, 1, 1], [4, 4, 4]),
  ])
  func identityPredictorGivesTheVolumeBack(volume: [Int], patch: [Int]) throws {
    let plan = try TilePlan(volume: Extent(volume), patch: Extent(patch))
    let image = randomVolume(channels: 2, extent: plan.volume, seed: 3)
    let tiles = PredictedTiles(
      extractor: try PatchExtractor(plan: plan, volume: image), predictor: IdentityPredictor(classes: 2))
    let result = try stitched(Stitcher(plan: plan, classes: 2), tiles, threads: 2)
    // A weighted mean of n equal values is off by at most n + 1 roundings of products and sums and one of the quotient; n is at
    // most 27 here (three tiles over a voxel along each axis).
    for (found, expected) in zip(result.elements, image.elements) {
      #expect(abs(found - expected) <= 30 * Float.ulpOfOne * expected)
    }
    if plan.tileCount == 1 { #expect(sameBits(result, image), "one tile isn't weighted, so nothing is rounded") }
  }

  @Test func paddingIsZero() throws {
    let plan = try TilePlan(volume: Extent(z: 3, y: 4, x: 5), patch: Extent(z: 4, y: 4, x: 8))
    let image = randomVolume(channels: 1, extent: plan.volume, seed: 4)
    let patch = try PatchExtractor(plan: plan, volume: image).patch(plan.tile(0))
    for z in 0..<4 {
      for y in 0..<4 {
        for x in 0..<8 {
          let inside = z < 3 && (1..<6).contains(x)
          #expect(patch[0, z, y, x] == (inside ? image[0, z, y, x - 1] : 0))
        }
      }
    }
  }

  @Test func randomShapesHaveTheBitsOfTheSlowTwinWithAnyThreads() throws {
    var generator = SplitMix64(seed: 5)
    for seed in 0..<60 as Range<UInt64> {
      let isPlanar = seed % 4 == 3
      let volume = Extent((0..<3).map { _ in Int.random(in: 1...20, using: &generator) })
      var patch = Extent((0..<3).map { _ in Int.random(in: 1...12, using: &generator) })
      if isPlanar { patch.z = 1 }
      let plan = try TilePlan(
        volume: volume, patch: patch, stepSize: .random(in: 0.3...1, using: &generator),
        window: isPlanar ? .slices : .volume)
      let stitcher = Stitcher(
        plan: plan, classes: Int.random(in: 1...4, using: &generator), planes: Int.random(in: 1...9, using: &generator))
      let tiles = NoiseTiles(plan: plan, classes: stitcher.classes, seed: seed << 32)
      let twin = try accumulatedAsAWhole(stitcher, tiles)
      for threads in [1, 2, 5] {
        #expect(sameBits(try stitched(stitcher, tiles, threads: threads), twin), "\(plan), \(threads) threads")
      }
    }
  }

  /// What the memory of mapped tiles rests on: of each tile every covered plane is asked for once, in order, then it is released.
  @Test(arguments: [1, 3, 16, 99]) func planesOfATileAreReadOnceAndThenReleased(planes: Int) throws {
    final class Recorder: TileSource {
      let plan: TilePlan
      var read: [Int: [Int]] = [:]
      var held: Set<Int> = []
      var most = 0
      init(plan: TilePlan) { self.plan = plan }
      func probabilities(of tile: TilePlan.Tile, planes: Range<Int>) -> ChannelVolume {
        read[tile.index, default: []] += planes
        held.insert(tile.index)
        most = max(most, held.count)
        return ChannelVolume(channels: 1, extent: plan.patch)
      }
      func release(_ tile: TilePlan.Tile) {
        #expect(held.remove(tile.index) != nil)
      }
    }
    let plan = try TilePlan(volume: Extent(z: 30, y: 9, x: 9), patch: Extent(z: 8, y: 8, x: 8))
    let recorder = Recorder(plan: plan)
    try Stitcher(plan: plan, classes: 1, planes: planes).run(tiles: recorder, pool: ComputePool(threads: 1)) { _ in }
    #expect(recorder.held.isEmpty)
    #expect(recorder.read.count == plan.tileCount && recorder.read.values.allSatisfy { $0 == Array(0..<8) })
    // Rows of four tiles, half a patch apart: a plane lies in two of them, a block in as many more as it is thick.
    if planes == 1 { #expect(recorder.most <= 2 * 4) }
  }

  @Test func tileOfAnotherShapeIsRefused() throws {
    let plan = try TilePlan(volume: Extent(z: 9, y: 9, x: 9), patch: Extent(z: 8, y: 8, x: 8))
    #expect(throws: SlidingWindowError.self) {
      _ = try stitched(
        Stitcher(plan: plan, classes: 3), NoiseTiles(plan: plan, classes: 2, seed: 0), threads: 1)
    }
    #expect(throws: SlidingWindowError.self) {
      try PatchExtractor(plan: plan, volume: ChannelVolume(channels: 1, extent: Extent(z: 9, y: 9, x: 8)))
    }
  }

  @Test func throwingBeforeATileStopsTheRun() throws {
    struct Cancelled: Error {}
    let plan = try TilePlan(volume: Extent(z: 20, y: 9, x: 9), patch: Extent(z: 8, y: 8, x: 8))
    let image = randomVolume(channels: 1, extent: plan.volume, seed: 6)
    var asked: [Int] = []
    let tiles = PredictedTiles(
      extractor: try PatchExtractor(plan: plan, volume: image), predictor: IdentityPredictor(classes: 1)
    ) { tile in
      asked.append(tile.index)
      if tile.index == 3 { throw Cancelled() }
    }
    #expect(throws: Cancelled.self) {
      try Stitcher(plan: plan, classes: 1).run(tiles: tiles, pool: ComputePool(threads: 1)) { _ in }
    }
    #expect(asked == [0, 1, 2, 3])
  }
}
