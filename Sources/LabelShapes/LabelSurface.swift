public import Volumes

/// The surface of a mask: its voxels of which at least one of the 6 neighbours isn't in it. What lies outside the image isn't in the
/// mask either, so a mask that touches the image's border has a surface there.
///
/// That is the mask without its erosion by `scipy.ndimage.binary_erosion`'s default, which is how MedPy, and through it nnU-Net, finds
/// surfaces (nnunet/evaluation/metrics.py). Memory: 4 bytes a surface voxel, and 4 bytes a voxel of one plane while it is made.
public struct LabelSurface: Sendable {
  /// What the places count in.
  public let box: VoxelBox
  /// Where each plane's voxels begin in `places`, and where the last one's end.
  let planes: [Int]
  /// `y * width + x` inside the box's plane, in the order of the image.
  let places: [UInt32]

  /// Surface voxels.
  public var count: Int { places.count }

  /// - Parameter box: where to look; it must lie inside the volume and hold the whole mask.
  /// - Throws: `LabelShapesError` for a plane of more than 2³² voxels.
  public init(of labels: LabelSet, in volume: LabelVolume, box: VoxelBox) throws(LabelShapesError) {
    let extent = box.extent
    guard extent.y * extent.x <= Int(UInt32.max) else {
      throw LabelShapesError(
        description:
          "Finding surfaces needs planes of at most \(UInt32.max) voxels, found \(extent.y * extent.x); split the label map."
      )
    }
    var planes = [0]
    var places: [UInt32] = []
    var below = MaskPlane(height: extent.y, width: extent.x)
    var plane = below
    var above = below
    if extent.z > 0 { above.fill(of: labels, in: volume, box: box, z: 0) }
    for z in 0..<extent.z {
      (below, plane, above) = (plane, above, below)
      above.fill(of: labels, in: volume, box: box, z: z + 1)
      plane.forEachSurfaceVoxel(below: below, above: above) { places.append($0) }
      planes.append(places.count)
    }
    self.box = box
    self.planes = planes
    self.places = places
  }
}

/// One plane of a mask with a margin of one voxel around it that isn't in the mask: one byte a voxel, 1 or 0.
private struct MaskPlane {
  private let height: Int
  private let width: Int
  private var bytes: [UInt8]

  init(height: Int, width: Int) {
    self.height = height
    self.width = width
    bytes = [UInt8](repeating: 0, count: (height + 2) * (width + 2))
  }

  /// Takes plane `z` of the box; an empty one behind its end.
  mutating func fill(of labels: LabelSet, in volume: LabelVolume, box: VoxelBox, z: Int) {
    let stride = width + 2
    let isInside = z < box.extent.z
    bytes.withUnsafeMutableBufferPointer { bytes in
      for y in 0..<height {
        let target = bytes.baseAddress! + (y + 1) * stride + 1
        target.update(repeating: 0, count: width)
        guard isInside else { continue }
        let row = volume.row(z: box.lower.z + z, y: box.lower.y + y) + box.lower.x
        labels.flags.withUnsafeBufferPointer { flags in
          LabelRuns.forEach(row, from: 0, to: width, flags: flags.baseAddress!) { start, end in
            (target + start).update(repeating: 1, count: end - start)
          }
        }
      }
    }
  }

  /// Calls `body` with `y * width + x` of each surface voxel.
  func forEachSurfaceVoxel(below: MaskPlane, above: MaskPlane, _ body: (UInt32) -> Void) {
    let stride = width + 2
    var isSurface = [UInt8](repeating: 0, count: width)
    let flags: [Bool] = (0..<256).map { $0 == 1 }
    isSurface.withUnsafeMutableBufferPointer { isSurface in
      bytes.withUnsafeBufferPointer { mine in
        below.bytes.withUnsafeBufferPointer { under in
          above.bytes.withUnsafeBufferPointer { over in
            for y in 0..<height {
              let row = (y + 1) * stride + 1
              let (center, lower, upper) = (
                mine.baseAddress! + row, under.baseAddress! + row, over.baseAddress! + row
              )
              let target = isSurface.baseAddress!
              for x in 0..<width {
                let inner =
                  center[x - 1] & center[x + 1] & center[x - stride] & center[x + stride] & lower[x] & upper[x]
                target[x] = center[x] & ~inner
              }
              flags.withUnsafeBufferPointer { flags in
                LabelRuns.forEach(target, from: 0, to: width, flags: flags.baseAddress!) { start, end in
                  for x in start..<end { body(UInt32(truncatingIfNeeded: y * width + x)) }
                }
              }
            }
          }
        }
      }
    }
  }
}
