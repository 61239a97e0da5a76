internal import Foundation
internal import ScratchFiles

/// Memory that lies in a file, so that it can leave the machine's memory until it is used again.
protocol UnloadableMemory: AnyObject {
  func unload()
}

extension ScratchMapping: UnloadableMemory {
  /// Room for probabilities.
  /// - Throws: `InferenceError.Code.unwritableFile`.
  static func probabilities(bytes count: Int, in folder: URL) throws -> ScratchMapping {
    do throws(ScratchFileError) {
      return try ScratchMapping(bytes: count, in: folder.path, prefix: "tessera-probabilities")
    } catch {
      throw InferenceError(
        .unwritableFile,
        "Keeping probabilities needs a temporary file of \(count) bytes in \(folder.path), which the system refuses: "
          + "\(error); free some space there.")
    }
  }
}
