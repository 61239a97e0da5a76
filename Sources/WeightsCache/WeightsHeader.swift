internal import Digests
internal import Kernels

/// The begin of a file of weights. Numbers are little-endian:
///
/// | bytes | what |
/// |---|---|
/// | 8 | `TSRAWGHT` |
/// | 4, 4 | version of this format; bytes of the header, whole pages |
/// | 8, 8 | bytes of the weights, which follow the header; bytes of a piece |
/// | 64 | the key, in hexadecimal |
/// | 8 each | `ContentSums` of the pieces |
/// | 64 | SHA-256 of all of the above, in hexadecimal; then zeros |
struct WeightsHeader {
  let key: WeightsKey
  let sums: [UInt64]

  private static let magic = Array("TSRAWGHT".utf8)
  private static let version: UInt32 = 1
  private static let page = 4096
  private static let fixed = 32 + 64
  private static let digest = 64

  /// Bytes of the header of a key's file.
  static func length(_ key: WeightsKey) -> Int {
    let needed = fixed + 8 * ContentSums.count(bytes: key.byteCount) + digest
    return (needed + page - 1) / page * page
  }

  var encoded: [UInt8] {
    var bytes = Self.magic
    func append(_ number: some FixedWidthInteger) { withUnsafeBytes(of: number.littleEndian) { bytes += $0 } }
    append(Self.version)
    append(UInt32(Self.length(key)))
    append(UInt64(key.byteCount))
    append(UInt64(ContentSums.piece))
    bytes += Array(key.digest.hexadecimal.utf8)
    for sum in sums { append(sum) }
    bytes += Array(Digest(of: bytes).hexadecimal.utf8)
    return bytes + [UInt8](repeating: 0, count: Self.length(key) - bytes.count)
  }

  /// Holds a file's content against what it should be.
  /// - Parameters:
  ///   - file: all of it.
  ///   - pool: threads to do it with.
  /// - Returns: what is wrong, as the rest of a sentence about the file; `nil` where nothing is.
  static func problem(in file: UnsafeRawBufferPointer, _ key: WeightsKey, pool: ComputePool) -> String? {
    let length = length(key)
    guard file.count == length + key.byteCount else {
      return "has \(file.count) bytes instead of \(length + key.byteCount)"
    }
    guard file.prefix(magic.count).elementsEqual(magic) else { return "isn't a file of weights" }
    let found = UInt32(littleEndian: file.loadUnaligned(fromByteOffset: magic.count, as: UInt32.self))
    guard found == version else { return "has version \(found) of the format instead of \(version)" }
    // A header has one right form, so it is compared with that.
    let content = UnsafeRawBufferPointer(rebasing: file[length...])
    let right = WeightsHeader(key: key, sums: storedSums(file, key)).encoded
    guard file.prefix(length).elementsEqual(right) else { return "has a damaged header, or one of other weights" }
    guard ContentSums.of(content, pool: pool) == storedSums(file, key) else { return "has damaged content" }
    return nil
  }

  private static func storedSums(_ file: UnsafeRawBufferPointer, _ key: WeightsKey) -> [UInt64] {
    (0..<ContentSums.count(bytes: key.byteCount)).map {
      UInt64(littleEndian: file.loadUnaligned(fromByteOffset: fixed + 8 * $0, as: UInt64.self))
    }
  }
}
