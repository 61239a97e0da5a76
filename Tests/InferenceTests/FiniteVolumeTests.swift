import Inference
import Testing
import Volumes

@Suite struct FiniteVolumeTests {
  @Test func numbersOfAnySizeAreFinite() {
    let volume = ChannelVolume(channels: 2, extent: Extent(z: 3, y: 5, x: 7))
    volume.elements[0] = .greatestFiniteMagnitude
    volume.elements[1] = -.leastNonzeroMagnitude
    volume.elements[2] = -0.0
    #expect(volume.isFinite)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity, .signalingNaN])
  func whatIsNoNumberIsFoundWhereverItIs(value: Float) {
    for place in [0, 8, 104, 209] {
      let volume = ChannelVolume(channels: 2, extent: Extent(z: 3, y: 5, x: 7))
      volume.elements[place] = value
      #expect(!volume.isFinite, "\(value) at \(place)")
    }
  }
}
