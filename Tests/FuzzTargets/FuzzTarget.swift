/// A kind of file that comes from outside, with every reader that Tessera has for it.
///
/// The fuzzer (`Compose/fuzz`) and the tests that replay its corpora call the same function, `FuzzSession.read`. What a target promises
/// for any bytes: each reader ends soon, takes memory in proportion to them, and either reads them or throws one clear sentence.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// Pickles by themselves and as plans, a trainer's description, a checkpoint's object, a case's properties.
  case pickle
  /// Zip files, and torch checkpoints in both formats.
  case zip
  /// Images and label maps, plain and compressed, and what is planned for them.
  case nifti
  /// Saved probabilities: whole archives, or the array inside one.
  case npz
  /// The fleet's messages and documents, a model's manifest, and nnU-Net's own JSON files.
  case json

  /// What `FuzzSession.Report.accepted` can hold.
  public var readerNames: [String] { readers.map(\.name) }

  var readers: [FuzzReader] {
    switch self {
    case .pickle: FuzzReader.pickles
    case .zip: FuzzReader.zips
    case .nifti: FuzzReader.images
    case .npz: FuzzReader.probabilities
    case .json: FuzzReader.json
    }
  }
}

/// One way to read a file. Throws what the product's reader throws, or `FuzzComplaint` where what was read can't be right.
struct FuzzReader: Sendable {
  var name: String
  var read: @Sendable (_ bytes: [UInt8], _ scratch: FuzzScratch) throws -> Void

  init(_ name: String, _ read: @escaping @Sendable ([UInt8], FuzzScratch) throws -> Void) {
    self.name = name
    self.read = read
  }
}

/// Something that a reader must not do, apart from what ends the process by itself.
struct FuzzComplaint: Error {
  var sentence: String

  init(_ sentence: String) { self.sentence = sentence }
}

/// A file that isn't for this reader: its own check would only repeat another one's, at the price of a file on the disk.
struct FuzzMismatch: Error {}
