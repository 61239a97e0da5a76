import Testing
import Testkit
import Volumes

@testable import Pictures

@Suite("Overlay pictures")
struct OverlayTests {
  /// A ball of label 1 around a smaller one of label 2, in an image that brightens along x.
  private func balls(_ extent: Extent) -> (ChannelVolume, LabelVolume) {
    let image = ChannelVolume(channels: 1, extent: extent)
    let labels = LabelVolume(extent: extent)
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        for x in 0..<extent.x {
          image[0, z, y, x] = Float(x + 1)
          let places = zip([z, y, x], extent.lengths).map { 2 * Double($0) / Double(max(1, $1 - 1)) - 1 }
          let distance = places.reduce(0) { $0 + $1 * $1 }.squareRoot()
          labels[z, y, x] = distance < 0.4 ? 2 : distance < 0.8 ? 1 : 0
        }
      }
    }
    return (image, labels)
  }

  private func size(_ png: [UInt8]) -> (width: Int, height: Int) {
    func number(_ offset: Int) -> Int { png[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    return (number(16), number(20))
  }

  @Test func pngsAreWellFormedAndTheSameEveryTime() throws {
    let (image, labels) = balls(Extent(z: 10, y: 20, x: 30))
    let overlay = try Overlay(
      image: image, labels: labels, spacing: Spacing(z: 3, y: 1, x: 1), names: [1: "Shell"], title: "Balls")
    let png = try overlay.png()
    #expect(Array(png[0..<8]) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    let canvas = OverlayLayout(overlay).paint()
    #expect(size(png) == (canvas.width, canvas.height))
    #expect(try overlay.png() == png)
  }

  /// Tiny, flat, thin, huge-voxelled: every shape gives a picture of a bearable size.
  @Test(arguments: [
    ([1, 1, 1], [1.0, 1, 1]), ([1, 3, 2], [5, 1, 1]), ([40, 1, 40], [1, 1, 1]), ([2, 2, 300], [0.01, 0.01, 30]),
    ([3, 3, 3], [1e6, 1e-6, 1]),
    ([3, 200, 200], [50, 0.1, 0.1]),
  ])
  func everyShapeGivesAPicture(extent: [Int], spacing: [Double]) throws {
    let (image, labels) = balls(Extent(extent))
    for map in [labels, LabelVolume(extent: Extent(extent))] {
      let (width, height) = size(try Overlay(image: image, labels: map, spacing: Spacing(spacing)).png())
      #expect((80...1700).contains(width) && (80...700).contains(height), "\(width) x \(height)")
    }
  }

  @Test func planesHangTheWayRadiologistsLookAtThem() throws {
    let all = AnatomicalDirection.allCases
    for z in all {
      for y in all where y != z && y != z.opposite {
        for x in all where ![y, y.opposite, z, z.opposite].contains(x) {
          let cosines = direction([x, y, z])
          let orientation = try #require(Orientation(itkDirection: cosines))
          #expect(orientation.directions == [z, y, x])
          let planes = Plane.three(orientation)
          #expect(planes.map(\.name) == ["Axial", "Coronal", "Sagittal"])
          let ends = planes.map { "\($0.right.ends!.0.rawValue)\($0.down.ends!.0.rawValue)" }
          #expect(ends == ["RA", "RS", "AS"])
          for plane in planes {
            for side in [plane.right, plane.down] {
              // Towards the far end the array's indices grow unless the side is reversed.
              let grows = orientation.directions[side.axis]
              #expect(grows == (side.isReversed ? side.ends!.0 : side.ends!.1))
            }
          }
        }
      }
    }
  }

  /// ITK's cosines of an array whose x, y, z count up in these directions.
  private func direction(_ xyz: [AnatomicalDirection]) -> [Double] {
    let positive: [AnatomicalDirection] = [.left, .posterior, .superior]
    return (0..<9).map { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: 3)
      return xyz[column] == positive[row] ? 1 : xyz[column].opposite == positive[row] ? -1 : 0
    }
  }

  @Test func mirroredArraysShowTheSamePicture() throws {
    let extent = Extent(z: 8, y: 9, x: 10)
    let (image, labels) = balls(extent)
    labels[2, 2, 7] = 3
    let mirroredImage = ChannelVolume(channels: 1, extent: extent)
    let mirroredLabels = LabelVolume(extent: extent)
    for z in 0..<8 {
      for y in 0..<9 {
        for x in 0..<10 {
          mirroredImage[0, z, y, 9 - x] = image[0, z, y, x]
          mirroredLabels[z, y, 9 - x] = labels[z, y, x]
        }
      }
    }
    func painter(_ image: ChannelVolume, _ labels: LabelVolume, _ direction: [Double], _ x: Int) -> Canvas {
      let painter = PlanePainter(
        sampler: PlaneSampler(
          image: image, labels: labels, spacing: Spacing(z: 1, y: 1, x: 1),
          plane: Plane.three(Orientation(itkDirection: direction))[0], centre: Extent(z: 2, y: 4, x: x), scale: 5),
        window: GreyWindow(image.channel(0)))
      var canvas = Canvas(width: painter.sampler.width, height: painter.sampler.height, background: Colour(0))
      painter.paint(on: &canvas, x: 0, y: 0)
      return canvas
    }
    let straight = painter(image, labels, [1, 0, 0, 0, 1, 0, 0, 0, 1], 4)
    let mirrored = painter(mirroredImage, mirroredLabels, [-1, 0, 0, 0, 1, 0, 0, 0, 1], 5)
    let differences = zip(straight.bytes, mirrored.bytes).map { abs(Int($0) - Int($1)) }
    #expect(differences.max()! <= 1)
  }

  @Test func gridsMustAgree() {
    let extent = Extent(z: 2, y: 2, x: 2)
    let image = ChannelVolume(channels: 1, extent: extent)
    #expect(throws: PictureError.self) {
      try Overlay(
        image: image, labels: LabelVolume(extent: Extent(z: 2, y: 2, x: 3)), spacing: Spacing(z: 1, y: 1, x: 1))
    }
    #expect(throws: PictureError.self) {
      try Overlay(image: image, labels: LabelVolume(extent: extent), spacing: Spacing(z: 1, y: .nan, x: 1))
    }
  }

  @Test func imagesWithoutContrastOrValuesAreShown() throws {
    let extent = Extent(z: 4, y: 4, x: 4)
    for value in [Float(0), 7, -7, .nan, .infinity, -.greatestFiniteMagnitude] {
      let image = ChannelVolume(channels: 1, extent: extent)
      image.elements.update(repeating: value)
      let overlay = try Overlay(
        image: image, labels: LabelVolume(extent: extent), spacing: Spacing(z: 1, y: 1, x: 1))
      #expect(try !overlay.png().isEmpty)
    }
  }

  @Test(arguments: [
    (0.0, "0.000 mL"), (0.0124, "0.012 mL"), (0.9996, "1.000 mL"), (1.005, "1.00 mL"), (9.999, "10.00 mL"),
    (12.34, "12.3 mL"), (123.4, "123 mL"), (1022.49, "1022 mL"),
  ])
  func millilitresHaveThreeDigits(value: Double, text: String) {
    #expect(Legend.millilitres(value) == text)
  }

  @Test func everyAsciiCharacterHasAGlyph() {
    let font = BitmapFont.standard
    for code in UInt8(33)...126 {
      let glyph = font.glyph(Character(Unicode.Scalar(code)))
      #expect(glyph.coverage.contains { $0 > 0 })
      #expect(glyph.coverage.count == glyph.width * BitmapFont.height)
    }
    #expect(font.glyph("\u{e9}").coverage == font.glyph("?").coverage)
    #expect(Set((UInt8(48)...57).map { font.glyph(Character(Unicode.Scalar($0))).width }).count == 1)
  }

  @Test func coloursOfNeighbouringLabelsDiffer() {
    let colours = (1...255).map(LabelPalette.colour)
    for (one, next) in zip(colours, colours.dropFirst()) {
      let distance = abs(one.red - next.red) + abs(one.green - next.green) + abs(one.blue - next.blue)
      #expect(distance > 0.04)
    }
  }
}
