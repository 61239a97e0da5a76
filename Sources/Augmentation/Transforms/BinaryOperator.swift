internal import Glibc
public import Volumes

/// Grows or shrinks what a first stage found, one label after the other, so that the second stage doesn't trust its borders (nnunet:
/// ApplyRandomBinaryOperatorTransform).
public struct BinaryOperator: Hashable, Sendable {
  public enum Operation: Int, Hashable, Sendable, CaseIterable {
    case dilation, erosion, closing, opening
  }

  /// Among the masks.
  public var channel: Int
  public var operation: Operation
  /// Of the ball, in voxels.
  public var radius: Double

  public init(channel: Int, operation: Operation, radius: Double) {
    self.channel = channel
    self.operation = operation
    self.radius = radius
  }

  /// In place: masks of 0 and 1, one for each label, no voxel in two of them. What the operation adds is taken from the others.
  public func apply(to masks: [LabelVolume]) {
    let mask = masks[channel]
    let result = Self.run(operation, mask, RunBall(radius: radius))
    for (place, other) in masks.enumerated() where place != channel {
      for index in result.elements.indices where result.elements[index] > mask.elements[index] {
        other.elements[index] = 0
      }
    }
    _ = mask.elements.update(fromContentsOf: result.elements)
  }

  private static func run(_ operation: Operation, _ mask: LabelVolume, _ ball: RunBall) -> LabelVolume {
    switch operation {
    case .dilation: return ball.dilate(mask)
    case .erosion: return ball.erode(mask)
    case .closing: return ball.erode(ball.dilate(mask))
    case .opening: return ball.dilate(ball.erode(mask))
    }
  }
}

/// A ball as skimage.morphology.ball makes one of any radius, as runs along x: `Int(2 r + 1)` points an axis from -r to r. An even number
/// of points has its middle at the one behind.
struct RunBall {
  private struct Run {
    var z: Int
    var y: Int
    /// Offsets along x.
    var x: ClosedRange<Int>
  }

  private let runs: [Run]

  init(radius: Double) {
    let count = Int(2 * radius + 1)
    let step = count > 1 ? (radius + radius) / Double(count - 1) : 0
    let squares = (0..<count).map { index in
      let place = Double(index) * step - radius
      return place * place
    }
    let middle = count / 2
    var runs: [Run] = []
    for z in 0..<count {
      for y in 0..<count {
        let inside = (0..<count).filter { squares[$0] + squares[y] + squares[z] <= radius * radius }
        guard let first = inside.first, let last = inside.last else { continue }
        runs.append(Run(z: z - middle, y: y - middle, x: first - middle...last - middle))
      }
    }
    self.runs = runs
  }

  /// 1 wherever the ball around a 1 reaches.
  func dilate(_ mask: LabelVolume) -> LabelVolume { spread(mask, of: 1, sign: 1) }

  /// 0 wherever the ball reaches a 0; what lies outside the volume isn't looked at.
  func erode(_ mask: LabelVolume) -> LabelVolume { spread(mask, of: 0, sign: -1) }

  /// Spreads `value` by the ball (by its mirror image for `sign` -1).
  private func spread(_ mask: LabelVolume, of value: UInt8, sign: Int) -> LabelVolume {
    let extent = mask.extent
    let result = LabelVolume(extent: extent, storage: VoxelStorage(count: extent.count, repeating: 0))
    let spreadRows = LabelVolume(extent: extent, storage: VoxelStorage(uninitialized: extent.count))
    let ranges = Set(runs.map { sign > 0 ? $0.x : -$0.x.upperBound ... -$0.x.lowerBound })
    for range in ranges.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
      for row in 0..<extent.z * extent.y {
        Self.spreadRow(
          mask.elements.baseAddress! + row * extent.x, count: extent.x, value, by: range,
          into: spreadRows.elements.baseAddress! + row * extent.x)
      }
      for run in runs where (sign > 0 ? run.x : -run.x.upperBound ... -run.x.lowerBound) == range {
        let (dz, dy) = (sign * run.z, sign * run.y)
        for z in max(0, -dz)..<max(0, -dz, min(extent.z, extent.z - dz)) {
          for y in max(0, -dy)..<max(0, -dy, min(extent.y, extent.y - dy)) {
            let from = spreadRows.elements.baseAddress! + (z * extent.y + y) * extent.x
            let to = result.elements.baseAddress! + ((z + dz) * extent.y + y + dy) * extent.x
            for x in 0..<extent.x { to[x] |= from[x] }
          }
        }
      }
    }
    if value == 0 { for index in result.elements.indices { result.elements[index] ^= 1 } }
    return result
  }

  /// 1 where a sample equal to `value` lies at a distance within `range` before.
  private static func spreadRow(
    _ row: UnsafePointer<UInt8>, count: Int, _ value: UInt8, by range: ClosedRange<Int>,
    into result: UnsafeMutablePointer<UInt8>
  ) {
    var last = Int.min / 2
    var next = 0
    for x in 0..<count {
      // Samples up to x - lowerBound have been looked at.
      while next <= x - range.lowerBound {
        if next < count, row[next] == value { last = next }
        next += 1
      }
      result[x] = last >= x - range.upperBound ? 1 : 0
    }
  }
}
