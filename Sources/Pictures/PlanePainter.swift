internal import Volumes

/// Paints one plane: the image in grey, labels as tints with outlines.
struct PlanePainter {
  let image: ChannelVolume
  let labels: LabelVolume
  let spacing: Spacing
  let window: GreyWindow
  let plane: Plane
  /// The voxel that all planes go through.
  let centre: Extent
  /// Pixels of one mm.
  let scale: Double

  /// How much of a label's colour lies over the image, inside and on the outline.
  private static let tint: Float = 0.45
  private static let outline: Float = 0.95

  var width: Int { pixels(plane.right.axis) }
  var height: Int { pixels(plane.down.axis) }

  private func pixels(_ axis: Int) -> Int {
    max(1, Int((Double(image.extent[axis]) * spacing[axis] * scale).rounded()))
  }

  func paint(on canvas: inout Canvas, x left: Int, y top: Int) {
    let columns = places(plane.right, width)
    let rows = places(plane.down, height)
    let map = rows.map { row in columns.map { label(row, $0) } }
    for y in 0..<height {
      for x in 0..<width {
        var colour = Colour(grey: window.grey(grey(rows[y], columns[x])))
        let own = map[y][x]
        if own != 0 {
          // An outline lies inside its label, so that neighbours' outlines stand side by side.
          let isOutline =
            (y > 0 && map[y - 1][x] != own) || (y + 1 < height && map[y + 1][x] != own)
            || (x > 0 && map[y][x - 1] != own) || (x + 1 < width && map[y][x + 1] != own)
          colour = colour.blended(with: LabelPalette.colour(Int(own)), isOutline ? Self.outline : Self.tint)
        }
        canvas.paint(left + x, top + y, colour)
      }
    }
  }

  /// Where the centre lies in the picture: column, row.
  var centreInPicture: (Int, Int) {
    func place(_ side: Plane.Side, _ pixels: Int) -> Int {
      let length = image.extent[side.axis]
      let index = side.isReversed ? length - 1 - centre[side.axis] : centre[side.axis]
      return Int((Double(index) + 0.5) / Double(length) * Double(pixels))
    }
    return (place(plane.right, width), place(plane.down, height))
  }

  /// The places along an array axis, in voxels from the centre of the first, of the pixels' centres.
  private func places(_ side: Plane.Side, _ count: Int) -> [Place] {
    let length = image.extent[side.axis]
    return (0..<count).map { pixel in
      let forward = (Double(pixel) + 0.5) / Double(count) * Double(length) - 0.5
      return Place(side.isReversed ? Double(length - 1) - forward : forward, length: length)
    }
  }

  /// Two neighbouring voxels and the share of the second.
  private struct Place {
    let first: Int
    let second: Int
    let share: Float

    init(_ position: Double, length: Int) {
      let inside = min(max(position, 0), Double(length - 1))
      first = Int(inside)
      second = min(first + 1, length - 1)
      share = Float(inside - Double(first))
    }
  }

  private func offset(_ down: Int, _ right: Int) -> Int {
    var index = centre
    index[plane.down.axis] = down
    index[plane.right.axis] = right
    return (index.z * image.extent.y + index.y) * image.extent.x + index.x
  }

  /// The image between its voxels, linearly.
  private func grey(_ down: Place, _ right: Place) -> Float {
    let values = image.channel(0)
    func along(_ row: Int) -> Float {
      let (a, b) = (values[offset(row, right.first)], values[offset(row, right.second)])
      return right.share == 0 ? a : a + (b - a) * right.share
    }
    let upper = along(down.first)
    return down.share == 0 ? upper : upper + (along(down.second) - upper) * down.share
  }

  /// The label with the largest share of the four voxels around, the lowest on ties: outlines without stairs.
  private func label(_ down: Place, _ right: Place) -> UInt8 {
    let taps = SIMD4(
      labels.elements[offset(down.first, right.first)], labels.elements[offset(down.first, right.second)],
      labels.elements[offset(down.second, right.first)], labels.elements[offset(down.second, right.second)])
    if taps == SIMD4(repeating: taps[0]) { return taps[0] }
    let shares = [
      (1 - down.share) * (1 - right.share), (1 - down.share) * right.share, down.share * (1 - right.share),
      down.share * right.share,
    ]
    var best: (label: UInt8, share: Float) = (0, -1)
    for tap in 0..<4 {
      let share = (0..<4).reduce(0) { $0 + (taps[$1] == taps[tap] ? shares[$1] : 0) }
      if share > best.share || (share == best.share && taps[tap] < best.label) { best = (taps[tap], share) }
    }
    return best.label
  }
}
