internal import Volumes

/// Turns image and labels around (batchgenerators: augment_mirroring).
public struct Mirroring: Hashable, Sendable {
  /// Whether z, y, x are turned around.
  public var axes: [Bool]

  public init(axes: [Bool]) {
    precondition(axes.count == 3, "a patch has three axes")
    self.axes = axes
  }

  public func apply(to sample: Sample) {
    for channel in 0..<sample.image.channels { apply(to: sample.image.channel(channel), sample.extent) }
    for labels in sample.labels { apply(to: labels.elements, sample.extent) }
  }

  private func apply<Element>(to values: UnsafeMutableBufferPointer<Element>, _ extent: Extent) {
    let rows = extent.z * extent.y
    if axes[0] || axes[1] {
      for row in 0..<rows {
        let (z, y) = (row / extent.y, row % extent.y)
        let other = (axes[0] ? extent.z - 1 - z : z) * extent.y + (axes[1] ? extent.y - 1 - y : y)
        guard row < other else { continue }
        let (one, two) = (values.baseAddress! + row * extent.x, values.baseAddress! + other * extent.x)
        for x in 0..<extent.x { swap(&one[x], &two[x]) }
      }
    }
    if axes[2] {
      for row in 0..<rows {
        let line = values.baseAddress! + row * extent.x
        for x in 0..<extent.x / 2 { swap(&line[x], &line[extent.x - 1 - x]) }
      }
    }
  }
}
