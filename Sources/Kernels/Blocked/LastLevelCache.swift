internal import Glibc

/// The cache that all cores share.
public enum LastLevelCache {
  /// Bytes; 32 MiB where the system doesn't say.
  ///
  /// Linux's own description comes first: on virtual machines glibc's `_SC_LEVEL3_CACHE_SIZE` has been seen to be ten times too large.
  public static let bytes: Int = {
    if let found = describedBytes { return found }
    let found = Int(sysconf(Int32(_SC_LEVEL3_CACHE_SIZE)))
    return found > 0 ? found : 32 << 20
  }()

  /// Whether a tensor had better be written past the caches: beside what the layer reads, it would push out what it finds there, each of its
  /// lines would be read before it is overwritten, and little of it would be left for its reader, which is told ahead what to fetch. Not
  /// one that is read slab by slab as it is made. Writing past the caches changes no bits.
  static func isCrowded(by tensor: BlockedTensor) -> Bool {
    tensor.heldPlanes == tensor.extent[0]
      && BlockedTensor.floats(channels: tensor.channels, extent: tensor.extent) * 4 >= bytes / 4
  }

  /// That of the first processor, as `/sys` describes it.
  private static var describedBytes: Int? {
    guard let file = fopen("/sys/devices/system/cpu/cpu0/cache/index3/size", "r") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 32)
    guard fgets(&line, Int32(line.count), file) != nil else { return nil }
    return bytes(described: String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
  }

  /// Of a size such as `32768K`; `nil` for anything else.
  static func bytes(described size: String) -> Int? {
    let size = size.filter { !$0.isWhitespace }
    let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20]
    guard let last = size.last, let unit = units[last], let number = Int(size.dropLast()),
      (1...1 << 40).contains(number)
    else { return nil }
    return number * unit
  }
}
