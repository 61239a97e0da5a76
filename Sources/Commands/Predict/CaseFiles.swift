internal import Foundation
internal import NiftiIO

#if canImport(Glibc)
  internal import Glibc
#endif

/// The files of a case in the output folder. Each is written under another name and renamed, so a half-written one is never
/// taken for whole; the label map comes last, since its presence means that the case is done.
struct CaseFiles {
  let folder: URL
  let name: String

  var labelMap: URL { folder.appending(path: "\(name).nii.gz") }
  var report: URL { folder.appending(path: "\(name).json") }
  var picture: URL { folder.appending(path: "\(name).png") }
  var mosaic: URL { folder.appending(path: "\(name)_mosaic.png") }
  var page: URL { folder.appending(path: "\(name).html") }
  var probabilities: URL { folder.appending(path: "\(name).npz") }
  var properties: URL { folder.appending(path: "\(name).pkl") }

  /// Whether the case was done by an earlier call, of Tessera or of nnU-Net. A label map that can't be read to its end doesn't count:
  /// whatever wrote it was stopped.
  func areComplete(withProbabilities: Bool) -> Bool {
    let needed = withProbabilities ? [labelMap, probabilities, properties] : [labelMap]
    return needed.allSatisfy { FileManager.default.fileExists(atPath: $0.path) }
      && (try? LabelMap.load(labelMap)) != nil
  }

  /// Writes a file whole or not at all, also when the machine stops.
  /// - Throws: `InputError` when the folder can't be written.
  static func write(_ bytes: UnsafeRawBufferPointer, to file: URL) throws {
    do {
      let data =
        bytes.baseAddress.map {
          Data(bytesNoCopy: UnsafeMutableRawPointer(mutating: $0), count: bytes.count, deallocator: .none)
        } ?? Data()
      let temporary = file.deletingLastPathComponent().appending(path: ".\(UUID().uuidString).part")
      defer { try? FileManager.default.removeItem(at: temporary) }
      try data.write(to: temporary)
      let written = try FileHandle(forUpdating: temporary)
      try written.synchronize()
      try written.close()
      guard rename(temporary.path, file.path) == 0 else { throw CocoaError(.fileWriteUnknown) }
    } catch {
      throw InputError(
        "Writing \(file.path) failed: \(error.localizedDescription) Check that the output folder can be written and has space."
      )
    }
  }
}
