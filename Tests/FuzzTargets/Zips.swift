internal import Foundation
internal import ModelStore
internal import ZipFiles

extension FuzzReader {
  /// Members of one file that are read; a hostile directory may name the same bytes a thousand times.
  private static let members = 16
  private static let memberLimit = 1 << 24

  static let zips: [FuzzReader] = [
    FuzzReader("zip") { bytes, scratch in
      try scratch.replace(scratch.file, with: bytes)
      let zip = try ZipReader(path: scratch.file.path)
      for entry in zip.entries.prefix(members) {
        let content = try zip.read(entry, limit: memberLimit)
        guard UInt64(content.count) == entry.size else { throw FuzzComplaint("a member's size isn't what was read") }
      }
    },
    FuzzReader("model archive") { bytes, scratch in
      try scratch.replace(scratch.file, with: bytes)
      let archive = try ModelArchive(scratch.file)
      let folder = scratch.folder.appending(path: "unpacked")
      defer { try? FileManager.default.removeItem(at: folder) }
      try archive.unpack(into: folder)
      guard archive.units.allSatisfy({ FileManager.default.fileExists(atPath: folder.appending(path: $0.path).path) })
      else { throw FuzzComplaint("an archive's model wasn't unpacked into the folder") }
    },
    FuzzReader("checkpoint") { bytes, scratch in
      try scratch.replace(scratch.checkpoint, with: bytes)
      try Checkpoints.readWeights(scratch)
    },
  ]
}

/// Reading the weights of the scratch folder's model.
enum Checkpoints {
  static func readWeights(_ scratch: FuzzScratch) throws {
    let model = try TrainedModel.open(folder: scratch.model)
    for fold in model.folds {
      let weights = try model.weights(fold: fold)
      guard weights.byteCount >= 4 * model.network.parameterCount else {
        throw FuzzComplaint("weights are smaller than the network")
      }
    }
  }
}
