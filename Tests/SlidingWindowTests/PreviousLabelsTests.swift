import SlidingWindow
import Testing
import Volumes

/// What the second stage of a cascade sees of the first.
@Suite struct PreviousLabelsTests {
  private let volume = ChannelVolume(channels: 1, extent: Extent(z: 3, y: 4, x: 5))

  private func labels(_ extent: Extent) -> LabelVolume {
    let labels = LabelVolume(extent: extent)
    for index in labels.elements.indices { labels.elements[index] = UInt8(index % 5) }
    return labels
  }

  @Test func eachLabelIsAChannelOfZerosAndOnesAndPaddingIsNone() throws {
    let labels = labels(volume.extent)
    for index in volume.elements.indices { volume.elements[index] = Float(index) + 0.5 }
    let plan = try TilePlan(volume: volume.extent, patch: Extent(z: 4, y: 4, x: 4), stepSize: 0.5)
    let extractor = try PatchExtractor(
      plan: plan, volume: volume, previous: PreviousLabels(labels: labels, classes: 3))
    let plain = try PatchExtractor(plan: plan, volume: volume)
    #expect(extractor.channels == 4 && plain.channels == 1)
    for index in 0..<plan.tileCount {
      let tile = plan.tile(index)
      let patch = extractor.patch(tile)
      let plainPatch = plain.patch(tile)
      // The pointer to a patch's elements is good only as long as the patch.
      withExtendedLifetime((patch, plainPatch)) {
        #expect(Array(patch.channel(0)) == Array(plainPatch.channel(0)))
      }
      for z in 0..<4 {
        for y in 0..<4 {
          for x in 0..<4 {
            let place = [z, y, x].enumerated().map { $1 + tile.start[$0] - plan.paddingBelow[$0] }
            let isInside = (0..<3).allSatisfy { (0..<volume.extent[$0]).contains(place[$0]) }
            let label = isInside ? Int(labels[place[0], place[1], place[2]]) : 0
            // Label 4 is beyond the classes: as good as background.
            #expect((1...3).map { patch[$0, z, y, x] } == (1...3).map { $0 == label ? 1 : 0 })
          }
        }
      }
    }
  }

  @Test func labelsOfAnotherGridAreRefused() throws {
    let plan = try TilePlan(volume: volume.extent, patch: volume.extent, stepSize: 0.5)
    #expect(throws: SlidingWindowError.self) {
      try PatchExtractor(
        plan: plan, volume: volume, previous: PreviousLabels(labels: labels(Extent(z: 3, y: 4, x: 6)), classes: 3))
    }
  }
}
