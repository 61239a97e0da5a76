public import Foundation
internal import Pickles
internal import ZipFiles

extension TrainingState {
  /// Name of the folder in the zip file, as torch calls it.
  private static let top = "archive"
  /// torch's number of the format.
  private static let version = "3\n"

  /// Writes nnU-Net's `.model`: whole or not at all, and on the disk when this returns.
  /// - Throws: `ModelStoreError.Code.unwritable`.
  public func write(to url: URL) throws(ModelStoreError) {
    do {
      var storages: [[Float]] = []
      let pickle = try PickleWriter.write(pickle(storages: &storages), for: .torch)
      let writer = try ZipWriter(path: url.path)
      try writer.add("\(Self.top)/data.pkl", pickle, compression: .stored)
      try writer.add("\(Self.top)/byteorder", Array("little".utf8), compression: .stored)
      for (key, values) in storages.enumerated() {
        // Checkpoints and machines that Tessera runs on are little-endian.
        try values.withUnsafeBytes { bytes in
          try writer.add("\(Self.top)/data/\(key)", bytes, compression: .stored)
        }
      }
      try writer.add("\(Self.top)/version", Array(Self.version.utf8), compression: .stored)
      try writer.finish(synchronising: true)
    } catch {
      throw ModelStoreError(.unwritable, "The checkpoint '\(url.path)' can't be written. \(error)")
    }
  }
}
