internal import Volumes

/// Image and labels between their voxels, on one plane, at square pixels: what is 1 mm wide is as wide on the screen as what is 1 mm high.
struct PlaneSampler: Sendable {
  let image: ChannelVolume
  let labels: LabelVolume
  let spacing: Spacing
  let plane: Plane
  /// A voxel that the plane goes through.
  let centre: Extent
  /// What of the plane is shown, in voxels; along the plane's own axis it doesn't matter.
  let box: VoxelBox
  /// Pixels of one mm.
  let scale: Double

  init(
    image: ChannelVolume, labels: LabelVolume, spacing: Spacing, plane: Plane, centre: Extent, box: VoxelBox? = nil,
    scale: Double
  ) {
    self.image = image
    self.labels = labels
    self.spacing = spacing
    self.plane = plane
    self.centre = centre
    self.box = box ?? VoxelBox(lower: Extent(z: 0, y: 0, x: 0), upper: image.extent)
    self.scale = scale
  }

  var width: Int { pixels(plane.right.axis) }
  var height: Int { pixels(plane.down.axis) }

  private func pixels(_ axis: Int) -> Int {
    max(1, Int((Double(box.extent[axis]) * spacing[axis] * scale).rounded()))
  }

  /// The image in the window's grey, `[y, x]`, 0 to 1.
  func greys(_ window: GreyWindow) -> [Float] {
    let (columns, rows) = (places(plane.right, width), places(plane.down, height))
    var greys: [Float] = []
    greys.reserveCapacity(width * height)
    for row in rows {
      for column in columns { greys.append(window.grey(intensity(row, column))) }
    }
    return greys
  }

  /// The labels, `[y, x]`.
  func labelMap() -> [UInt8] {
    let (columns, rows) = (places(plane.right, width), places(plane.down, height))
    var map: [UInt8] = []
    map.reserveCapacity(width * height)
    for row in rows {
      for column in columns { map.append(label(row, column)) }
    }
    return map
  }

  /// Where the centre lies in the picture: column, row.
  var centreInPicture: (Int, Int) {
    func place(_ side: Plane.Side, _ pixels: Int) -> Int {
      let (lower, upper) = (box.lower[side.axis], box.upper[side.axis])
      let index = side.isReversed ? upper - 1 - centre[side.axis] : centre[side.axis] - lower
      return Int((Double(index) + 0.5) / Double(upper - lower) * Double(pixels))
    }
    return (place(plane.right, width), place(plane.down, height))
  }

  /// The places along an array axis, in voxels from the centre of the first, of the pixels' centres.
  private func places(_ side: Plane.Side, _ count: Int) -> [Place] {
    let (lower, upper) = (box.lower[side.axis], box.upper[side.axis])
    return (0..<count).map { pixel in
      let forward = (Double(pixel) + 0.5) / Double(count) * Double(upper - lower) - 0.5
      return Place(
        side.isReversed ? Double(upper - 1) - forward : Double(lower) + forward, length: image.extent[side.axis])
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
  private func intensity(_ down: Place, _ right: Place) -> Float {
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
    let shares = SIMD4(
      (1 - down.share) * (1 - right.share), (1 - down.share) * right.share, down.share * (1 - right.share),
      down.share * right.share)
    var best: (label: UInt8, share: Float) = (0, -1)
    for tap in 0..<4 {
      var share: Float = 0
      for other in 0..<4 where taps[other] == taps[tap] { share += shares[other] }
      if share > best.share || (share == best.share && taps[tap] < best.label) { best = (taps[tap], share) }
    }
    return best.label
  }
}
