public import Foundation
public import Volumes
internal import ZipFiles

/// nnU-Net's `CASE.npz`: the class probabilities of a cropped image at its own spacing, in float16
/// (nnunet/inference/segmentation_export.py; read by nnunet/inference/ensemble_predictions.py).
///
/// A zip file with one deflated member, `softmax.npy`, `[class, z, y, x]` in the image's axis order.
public struct SoftmaxArchive: Sendable {
  /// Classes.
  public let channels: Int
  /// The cropped image.
  public let extent: Extent
  /// `[class, z, y, x]`.
  public let values: [Float16]

  private static let member = "softmax.npy"
  /// numpy's `savez_compressed` uses zlib's default.
  private static let compressionLevel = 6
  /// Room for a `.npy` header beside the values.
  private static let headerAllowance = 1 << 17

  /// Writes `probabilities` to `url`, replacing what is there.
  /// - Throws: what the zip writer throws.
  public static func write(_ probabilities: HalfPrecisionFile, to url: URL) throws {
    let writer = try ZipWriter(path: url.path)
    try writer.add(
      member, fromFile: probabilities.path, compression: .deflated(level: compressionLevel))
    // The zip writer reads the file now, so it must still be there.
    try withExtendedLifetime(probabilities) { try writer.finish() }
  }

  /// Reads an archive that nnU-Net or Tessera wrote.
  /// - Parameter maximumValues: refuses more than this, so that a file can't claim all memory.
  /// - Throws: `InferenceError.Code.unreadableFile`, and what the zip reader throws.
  public init(reading url: URL, maximumValues: Int = 1 << 32) throws {
    func unreadable(_ why: String) -> InferenceError {
      InferenceError(
        .unreadableFile,
        "Reading the probabilities in \(url.lastPathComponent) failed because \(why); expected a file that "
          + "nnUNet_predict or tessera wrote with --save_npz.")
    }
    let reader = try ZipReader(path: url.path)
    guard let entry = reader[Self.member] else { throw unreadable("it has no member \(Self.member)") }
    let bytes = try reader.read(entry, limit: 2 * maximumValues + Self.headerAllowance)
    let (header, length) = try bytes.withUnsafeBytes { try NumpyHeader.read($0) }
    guard header.descriptor == "<f2", !header.isFortranOrder, header.shape.count == 4 else {
      throw unreadable(
        "it holds an array of type \(header.descriptor) with \(header.shape.count) axes, expected <f2 with 4 in C order"
      )
    }
    guard header.elementCount > 0, bytes.count - length == header.elementCount * MemoryLayout<Float16>.stride else {
      throw unreadable("its shape \(header.shape) doesn't fit its \(bytes.count - length) bytes")
    }
    channels = header.shape[0]
    extent = Extent(Array(header.shape.dropFirst()))
    values = bytes.withUnsafeBytes { buffer in
      (0..<header.elementCount).map {
        Float16(
          bitPattern: UInt16(
            littleEndian: buffer.loadUnaligned(fromByteOffset: length + 2 * $0, as: UInt16.self)))
      }
    }
  }
}
