/// Brings a patch from the caller's planes to the engine's layout, flipped where asked.
public struct PatchInput: Sendable {
  /// `[z, y, x]`.
  public let extent: SIMD3<Int>
  public let channels: Int

  public init(extent: SIMD3<Int>, channels: Int) {
    self.extent = extent
    self.channels = channels
  }

  /// - Parameters:
  ///   - patch: `[channel][z][y][x]`.
  ///   - target: `[z][y][x][channel]`, flipped along the mirrored axes.
  public func interleave(
    _ patch: UnsafePointer<Float>, mirrored: MirroredAxes, into target: UnsafeMutablePointer<Float>, pool: ComputePool
  ) {
    let lines = extent[0] * extent[1]
    let width = extent[2]
    pool.forEach(extent[0]) { z, _ in
      for y in 0..<extent[1] {
        let sourceZ = mirrored.z ? extent[0] - 1 - z : z
        let sourceY = mirrored.y ? extent[1] - 1 - y : y
        let line = target + (z * extent[1] + y) * width * channels
        for channel in 0..<channels {
          let source = patch + (channel * lines + sourceZ * extent[1] + sourceY) * width
          for x in 0..<width { line[x * channels + channel] = source[mirrored.x ? width - 1 - x : x] }
        }
      }
    }
  }
}
