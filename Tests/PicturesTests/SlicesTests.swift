import Testing
import Volumes

@testable import Pictures

@Suite("Slices for viewers")
struct SlicesTests {
  /// Label 1 in one corner voxel, label 2 in the middle; brightness grows along x.
  private func slices(
    _ extent: Extent = Extent(z: 4, y: 6, x: 8), spacing: Spacing = Spacing(z: 5, y: 1, x: 1), oriented: Bool = true
  ) throws -> Slices {
    let image = ChannelVolume(channels: 1, extent: extent)
    let labels = LabelVolume(extent: extent)
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        for x in 0..<extent.x { image[0, z, y, x] = Float(x + 1) }
      }
    }
    labels[1, 0, 0] = 1
    labels[2, 3, 4] = 2
    return try Slices(
      image: image, labels: labels, spacing: spacing,
      orientation: oriented ? Orientation(itkDirection: [1, 0, 0, 0, 1, 0, 0, 0, 1]) : nil)
  }

  private func size(_ png: [UInt8]) -> [Int] {
    [16, 20].map { offset in png[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
  }

  @Test func anisotropicVoxelsAreShownTrueToMillimetres() throws {
    let slices = try slices()
    #expect(slices.views.map(\.id) == ["axial", "coronal", "sagittal"])
    #expect(slices.views.map(\.count) == [4, 6, 8])
    // 8 mm by 6 mm; 8 mm by 20 mm; 6 mm by 20 mm: pixels are 1 mm, however thick the slices are.
    #expect(slices.views.map(\.width) == [8, 8, 6] && slices.views.map(\.height) == [6, 20, 20])
    for (view, expected) in [[8, 6], [8, 20], [6, 20]].enumerated() {
      #expect(size(try slices.image(view: view, index: 0, longestSide: 100)) == expected)
      #expect(size(try slices.labels(view: view, index: 0, longestSide: 100)) == expected.map { $0 * 3 })
      #expect(size(try slices.image(view: view, index: 0, longestSide: 10)).max()! <= 10)
    }
  }

  @Test func directionsAreThoseOfRadiologists() throws {
    let views = try slices().views
    #expect(views.map { $0.directions.map(\.rawValue).joined() } == ["RLAP", "RLSI", "APSI"])
    let unknown = try slices(oriented: false)
    #expect(unknown.views.map(\.id) == ["z", "y", "x"] && unknown.views.allSatisfy { $0.directions.isEmpty })
    #expect(!unknown.isOriented)
  }

  @Test func labelsThatAreHiddenAreAsIfTheyWerentThere() throws {
    let slices = try slices()
    #expect(slices.voxels == [1: 1, 2: 1])
    let all = try slices.labels(view: 0, index: 1, longestSide: 100)
    let none = try slices.labels(view: 0, index: 1, longestSide: 100, shown: [2])
    let empty = try slices.labels(view: 0, index: 0, longestSide: 100)
    #expect(all != none && none == empty)
    #expect(try slices.labels(view: 0, index: 1, longestSide: 100, shown: [1, 2]) == all)
  }

  @Test func manyLabelsHaveAColourEach() throws {
    let extent = Extent(z: 1, y: 16, x: 16)
    let labels = LabelVolume(extent: extent)
    for index in 0..<256 { labels.elements[index] = UInt8(index) }
    let slices = try Slices(
      image: ChannelVolume(channels: 1, extent: extent), labels: labels, spacing: Spacing(z: 1, y: 1, x: 1))
    #expect(slices.voxels.count == 255)
    #expect(try !slices.labels(view: 0, index: 0, longestSide: 16).isEmpty)
  }

  @Test func slicesThatArentThereAreRefused() throws {
    let slices = try slices()
    for (view, index) in [(0, 4), (0, -1), (3, 0), (-1, 0)] {
      #expect(throws: PictureError.self) { try slices.image(view: view, index: index, longestSide: 100) }
      #expect(throws: PictureError.self) { try slices.labels(view: view, index: index, longestSide: 100) }
    }
  }

  @Test func ctIsShownAsSoftTissueAndMRByItsPercentiles() throws {
    func window(_ values: [Float]) -> GreyWindow {
      let image = ChannelVolume(channels: 1, extent: Extent(z: 1, y: 1, x: values.count))
      for (index, value) in values.enumerated() { image.elements[index] = value }
      return GreyWindow(image.channel(0))
    }
    let air = (0..<400).map { -1000 - Float($0 % 20) }
    let tissue = (0..<500).map { Float($0 % 100) - 30 }
    let bone = (0..<100).map { 300 + 12 * Float($0) }
    let ct = window(air + tissue + bone)
    #expect(ct.black == -160 && ct.white == 240)
    let mr = window((0..<1000).map { Float($0) })
    #expect(mr.black == 0 && mr.white > 980)
    let normalised = window((0..<1000).map { Float($0) / 250 - 2 })
    #expect(normalised.black < -1.9 && normalised.white > 1.9)
  }

  @Test(arguments: [
    ("automatic", IntensityWindow.automatic), ("bone", .levels(black: -500, white: 1300)),
    ("-160:240", .levels(black: -160, white: 240)), ("0.5:1e3", .levels(black: 0.5, white: 1000)),
  ])
  func windowsAreNamedOrNumbers(text: String, window: IntensityWindow) {
    #expect(IntensityWindow(text) == window)
  }

  @Test(arguments: ["", ":", "a", "5", "240:-160", "1:1", "0:inf", "nan:1", "1:2:3"])
  func otherWindowsAreRefused(text: String) { #expect(IntensityWindow(text) == nil) }

  @Test(arguments: [
    ([1, 1, 1], [1.0, 1, 1]), ([3, 60, 60], [50, 0.1, 0.1]), ([60, 3, 3], [0.01, 30, 30]),
  ])
  func mosaicsOfEveryShapeHaveABearableSize(extent: [Int], spacing: [Double]) throws {
    let image = ChannelVolume(channels: 1, extent: Extent(extent))
    for label in [UInt8(0), 1] {
      let labels = LabelVolume(extent: Extent(extent))
      labels.elements[0] = label
      labels.elements[labels.elements.count - 1] = label
      let overlay = try Overlay(
        image: image, labels: labels, spacing: Spacing(spacing), names: [1: "Lesion"], title: "t")
      for plane in [nil, 2] {
        let size = size(try overlay.mosaic(plane: plane))
        #expect(size.allSatisfy { (60...7600).contains($0) }, "\(size)")
      }
      #expect(try overlay.mosaic() == overlay.mosaic())
    }
  }
}
