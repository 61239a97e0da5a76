internal import Glibc

/// The cache that all cores share.
enum LastLevelCache {
  /// Bytes; 32 MiB where the system doesn't say.
  static let bytes: Int = {
    let found = Int(sysconf(Int32(_SC_LEVEL3_CACHE_SIZE)))
    return found > 0 ? found : 32 << 20
  }()

  /// Whether a tensor is too large to be found in the cache by whoever reads it next. Writing past the caches changes no bits.
  static func isExceeded(by tensor: BlockedTensor) -> Bool {
    BlockedTensor.floats(channels: tensor.channels, extent: tensor.extent) * 4 > bytes
  }
}
