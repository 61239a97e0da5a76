/// Tells by a file's first bytes whether it can be a NIfTI image, so that a mistake is told to the caller at once and not when the run is
/// prepared.
enum ImageSniffer {
  /// Bytes that are enough to tell.
  static let needed = 4

  /// Whether the file is compressed by gzip (RFC 1952), or its header's first field is the size of a NIfTI-1 or NIfTI-2 header, in either
  /// byte order.
  static func isImage(_ head: some Collection<UInt8>) -> Bool {
    let bytes = Array(head.prefix(needed))
    guard bytes.count == needed else { return false }
    if bytes.starts(with: [0x1F, 0x8B, 0x08]) { return true }
    let size = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    return [348, 540].contains(size) || [348, 540].contains(size.byteSwapped)
  }
}
