internal import Foundation
internal import Pickles

/// A torch checkpoint on disk: a pickle, and the storages that it refers to.
protocol CheckpointContainer: AnyObject {
  /// `zip` or `legacy`.
  var format: String { get }
  /// What `torch.load` would return, with references in the place of tensors.
  var root: PickleValue { get }
  /// Makes sure, from what the file says of itself, that it holds the whole storage: before memory is taken for it.
  /// - Throws: `ModelStoreError` when it doesn't.
  func check(_ storage: TorchTensor.Storage) throws(ModelStoreError)
  /// Reads the whole storage, `storage.count` elements, little-endian, into memory of exactly that size.
  /// - Throws: `ModelStoreError` when the file doesn't hold it.
  func read(_ storage: TorchTensor.Storage, into buffer: UnsafeMutableRawBufferPointer) throws(ModelStoreError)
  /// Bytes of the file; no storage is larger.
  var fileSize: Int { get }
}

/// Opens checkpoints in both of torch's formats.
enum CheckpointFile {
  /// The pickle of the largest checkpoint of nnU-Net has about 200 kB.
  static let pickleLimit = 64 << 20

  /// - Throws: `ModelStoreError`.
  static func open(_ url: URL) throws(ModelStoreError) -> any CheckpointContainer {
    let file = try InputFile(url)
    let magic = try file.bytes(at: 0, count: min(file.size, 4))
    if magic == [0x50, 0x4B, 0x03, 0x04] { return try ZipCheckpoint(file: file) }
    if magic.first == 0x80 { return try LegacyCheckpoint(file: file) }
    throw ModelStoreError(
      .damaged,
      "'\(file.path)' isn't a torch checkpoint: it begins neither like a zip file nor like a pickle. Copy it again.")
  }
}
