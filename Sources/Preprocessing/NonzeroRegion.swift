public import Volumes

/// The part of a case in which at least one channel isn't zero (`nnunet/preprocessing/cropping.py: crop_to_nonzero`).
public enum NonzeroRegion {
  /// 1 where a voxel of any channel differs from 0 (NaN does) or lies in a hole of those, else 0.
  ///
  /// A hole is background that no path over voxel faces leads out of; a gap at an edge or a corner doesn't open it.
  public static func mask(of image: ChannelVolume) -> LabelVolume {
    let mask = nonzero(image)
    var fill = OutsideFill(mask: mask)
    fill.run()
    return mask
  }

  /// The smallest box around all nonzero voxels, or `nil` if there is none. Filling holes doesn't change it.
  public static func box(of image: ChannelVolume) -> VoxelBox? {
    let extent = image.extent
    guard extent.count > 0 else { return nil }
    var box: VoxelBox?
    for channel in 0..<image.channels {
      let elements = image.channel(channel)
      for z in 0..<extent.z {
        for y in 0..<extent.y {
          let row = UnsafePointer(elements.baseAddress! + (z * extent.y + y) * extent.x)
          var first = 0
          while first < extent.x, row[first] == 0 { first += 1 }
          guard first < extent.x else { continue }
          var last = extent.x - 1
          while row[last] == 0 { last -= 1 }
          guard let known = box else {
            box = VoxelBox(lower: Extent(z: z, y: y, x: first), upper: Extent(z: z + 1, y: y + 1, x: last + 1))
            continue
          }
          box = VoxelBox(
            lower: Extent(z: min(known.lower.z, z), y: min(known.lower.y, y), x: min(known.lower.x, first)),
            upper: Extent(
              z: max(known.upper.z, z + 1), y: max(known.upper.y, y + 1), x: max(known.upper.x, last + 1)))
        }
      }
    }
    return box
  }

  private static func nonzero(_ image: ChannelVolume) -> LabelVolume {
    let mask = LabelVolume(extent: image.extent)
    let marks = mask.elements
    for channel in 0..<image.channels {
      let values = image.channel(channel)
      for index in 0..<marks.count where values[index] != 0 { marks[index] = 1 }
    }
    return mask
  }
}

/// Finds the background that is connected with the outside, run by run, and turns the rest into foreground.
private struct OutsideFill {
  private static let background: UInt8 = 0
  private static let foreground: UInt8 = 1
  private static let outside: UInt8 = 2

  let mask: LabelVolume
  /// Background voxels from which a run is still to be followed.
  private var seeds: [Int] = []

  init(mask: LabelVolume) {
    self.mask = mask
  }

  mutating func run() {
    let extent = mask.extent
    let marks = mask.elements
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        let row = (z * extent.y + y) * extent.x
        if z == 0 || z == extent.z - 1 || y == 0 || y == extent.y - 1 {
          for x in 0..<extent.x { follow(from: row + x) }
        } else {
          follow(from: row)
          follow(from: row + extent.x - 1)
        }
      }
    }
    for index in 0..<marks.count { marks[index] = marks[index] == Self.outside ? Self.background : Self.foreground }
  }

  private mutating func follow(from start: Int) {
    guard mask.elements[start] == Self.background else { return }
    seeds.append(start)
    while let seed = seeds.popLast() { fillRun(through: seed) }
  }

  /// Marks the background run along x that holds `seed`, and seeds its four neighbouring rows.
  private mutating func fillRun(through seed: Int) {
    let extent = mask.extent
    let marks = mask.elements
    guard marks[seed] == Self.background else { return }
    let row = seed - seed % extent.x
    var first = seed
    while first > row, marks[first - 1] == Self.background { first -= 1 }
    var end = seed + 1
    while end < row + extent.x, marks[end] == Self.background { end += 1 }
    for index in first..<end { marks[index] = Self.outside }
    let y = (row / extent.x) % extent.y
    let z = row / (extent.x * extent.y)
    let plane = extent.x * extent.y
    if y > 0 { seedRow(first - extent.x..<end - extent.x) }
    if y < extent.y - 1 { seedRow(first + extent.x..<end + extent.x) }
    if z > 0 { seedRow(first - plane..<end - plane) }
    if z < extent.z - 1 { seedRow(first + plane..<end + plane) }
  }

  /// One seed for each stretch of background in the range.
  private mutating func seedRow(_ range: Range<Int>) {
    let marks = mask.elements
    var inside = false
    for index in range {
      let isBackground = marks[index] == Self.background
      if isBackground, !inside { seeds.append(index) }
      inside = isBackground
    }
  }
}
