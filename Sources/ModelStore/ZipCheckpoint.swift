internal import Pickles
internal import Wording
internal import ZipFiles

/// The format of torch 1.6 and later: a zip file with `<top>/data.pkl`, `<top>/data/<key>` and a few small files. The name of the
/// top folder varies.
final class ZipCheckpoint: CheckpointContainer {
  let format = "zip"
  let root: PickleValue
  let fileSize: Int
  private let zip: ZipReader
  private let top: String

  init(file: InputFile) throws(ModelStoreError) {
    fileSize = file.size
    let zip = try ZipCheckpoint.unzip { () throws(ZipError) in try ZipReader(path: file.path) }
    self.zip = zip
    guard let entry = zip.entries.first(where: { $0.name.hasSuffix("/data.pkl") }) else {
      throw ModelStoreError(.damaged, "'\(file.path)' is a zip file without a 'data.pkl', so no torch checkpoint.")
    }
    top = String(entry.name.dropLast("data.pkl".count))
    if let order = zip[top + "byteorder"] {
      let bytes = try ZipCheckpoint.unzip { () throws(ZipError) in try zip.read(order, limit: 16) }
      guard bytes == Array("little".utf8) else {
        throw ModelStoreError(.unsupported, "'\(file.path)' was written on a big-endian machine.")
      }
    }
    let pickle = try ZipCheckpoint.unzip { () throws(ZipError) in
      try zip.read(entry, limit: CheckpointFile.pickleLimit)
    }
    do throws(PickleError) {
      root = try Pickle.load(pickle, policy: .torchCheckpoint)
    } catch {
      throw ModelStoreError(.damaged, "'\(entry.name.quotable())' in '\(file.path)' can't be read. \(error)")
    }
  }

  func check(_ storage: TorchTensor.Storage) throws(ModelStoreError) {
    let entry = try entry(of: storage)
    try ZipCheckpoint.unzip { () throws(ZipError) in try zip.checkClaims(of: entry) }
    // The reference was checked not to overflow when it was read.
    guard entry.size == UInt64(storage.count * storage.type.size) else {
      throw ModelStoreError(
        .damaged,
        "The storage '\(storage.key.quotable())' in '\(zip.path)' has \(entry.size) bytes, its pickle claims "
          + "\(storage.count) elements of \(storage.type.size).")
    }
  }

  func read(_ storage: TorchTensor.Storage, into buffer: UnsafeMutableRawBufferPointer) throws(ModelStoreError) {
    let entry = try entry(of: storage)
    try ZipCheckpoint.unzip { () throws(ZipError) in try zip.read(entry, into: buffer) }
  }

  private func entry(of storage: TorchTensor.Storage) throws(ModelStoreError) -> ZipEntry {
    guard let entry = zip["\(top)data/\(storage.key)"] else {
      throw ModelStoreError(
        .damaged, "'\(zip.path)' lacks the storage '\(storage.key.quotable())' that its pickle refers to.")
    }
    return entry
  }

  /// What goes wrong with the zip file makes the checkpoint a damaged one.
  private static func unzip<Result>(_ body: () throws(ZipError) -> Result) throws(ModelStoreError) -> Result {
    do throws(ZipError) {
      return try body()
    } catch {
      throw ModelStoreError(.damaged, error.description)
    }
  }
}
