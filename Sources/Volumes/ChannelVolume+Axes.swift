extension ChannelVolume {
  /// The part inside `box`, which lies within the volume.
  public func cropped(to box: VoxelBox) -> ChannelVolume {
    let result = ChannelVolume(
      channels: channels, extent: box.extent, storage: VoxelStorage(uninitialized: channels * box.extent.count))
    guard box.extent.count > 0 else { return result }
    for channel in 0..<channels {
      let (from, to) = (self.channel(channel), result.channel(channel))
      for z in 0..<box.extent.z {
        for y in 0..<box.extent.y {
          let source = ((z + box.lower.z) * extent.y + y + box.lower.y) * extent.x + box.lower.x
          (to.baseAddress! + (z * box.extent.y + y) * box.extent.x)
            .update(from: from.baseAddress! + source, count: box.extent.x)
        }
      }
    }
    return result
  }
}
