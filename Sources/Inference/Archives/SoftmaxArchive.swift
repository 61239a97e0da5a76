public import Foundation
public import Kernels
internal import ScratchFiles
internal import ZipFiles

/// nnU-Net's `CASE.npz`: the class probabilities of a cropped image at its own spacing, in float16
/// (nnunet/inference/segmentation_export.py; read by nnunet/inference/ensemble_predictions.py).
///
/// A zip file with one deflated member, `softmax.npy`, `[class, z, y, x]` in the image's axis order.
public enum SoftmaxArchive {
  private static let member = "softmax.npy"
  /// numpy's `savez_compressed` uses zlib's default.
  private static let compressionLevel = 6
  /// Room for a `.npy` header beside the values.
  private static let headerAllowance = 1 << 17

  /// Writes `probabilities` to `url`, replacing what is there. The bytes don't depend on threads.
  /// - Parameter pool: compresses; the calling thread alone does it where there is none.
  /// - Throws: what the zip writer throws.
  public static func write(_ probabilities: HalfPrecisionFile, to url: URL, pool: ComputePool? = nil) throws {
    let writer = try ZipWriter(path: url.path) { count, body in
      guard let pool else { return (0..<count).forEach(body) }
      pool.forEach(count) { item, _ in body(item) }
    }
    try withExtendedLifetime(probabilities) {
      try writer.add(member, fromFile: probabilities.path, compression: .deflated(level: compressionLevel))
    }
    try writer.finish()
  }

  /// The probabilities in an archive that nnU-Net or Tessera wrote, float16 or float32, deflated or stored.
  ///
  /// They are unpacked into a temporary file, so that reading them takes address space and not memory.
  /// - Parameters:
  ///   - scratch: a folder where there is room for them.
  ///   - maximumValues: refuses more than this, so that a file can't claim the whole disk.
  /// - Throws: `InferenceError.Code.unreadableFile` or `.unwritableFile`, and what the zip reader throws.
  public static func open(_ url: URL, scratch: URL, maximumValues: Int = 1 << 34) throws -> ProbabilityMap {
    let name = url.lastPathComponent
    let reader = try ZipReader(path: url.path)
    guard let entry = reader[member] else { throw ProbabilityMap.unreadable(name, "it has no member \(member)") }
    let limit = maximumValues * ProbabilityMap.Precision.single.size + headerAllowance
    guard entry.size > 0, entry.size <= UInt64(limit) else {
      throw ProbabilityMap.unreadable(
        name, "its member \(member) claims \(entry.size) bytes, expected at most \(limit)")
    }
    try reader.checkClaims(of: entry)
    let mapping = try ScratchMapping.probabilities(bytes: Int(entry.size), in: scratch)
    try reader.read(entry, into: mapping.bytes)
    mapping.unload()
    return try ProbabilityMap(npy: UnsafeRawBufferPointer(mapping.bytes), owner: mapping, name: name)
  }
}
