/// The names that a pickle may refer to, and what each of them means here. Every other name is refused when it is read.
///
/// The lists are those of nnU-Net 1.7.1's files, written under numpy 1 or 2 with pickle protocols 0 to 5.
public struct PicklePolicy: Sendable {
  /// What a name stands for.
  public enum Meaning: Hashable, Sendable {
    /// `collections.OrderedDict`, called without arguments and then filled.
    case orderedDictionary
    /// `_reconstruct(numpy.ndarray, (0,), b'b')`: an array that BUILD fills.
    case numpyReconstruct
    /// `scalar(dtype, bytes)`.
    case numpyScalar
    /// `numpy.ndarray`, only as an argument.
    case numpyArrayType
    /// `dtype('f8', False, True)`, whose byte order BUILD sets.
    case numpyDataType
    /// `_frombuffer(buffer, dtype, shape, order)`.
    case numpyFromBuffer
    /// `_codecs.encode(text, 'latin1')`: bytes under protocols that have none.
    case encode
    /// `bytes()`: no bytes under protocols that have none.
    case bytes
    /// A name that may be mentioned and never called.
    case symbol
    /// A function whose call is kept as data (`PickleValue.call`).
    case call
  }

  private var meanings: [PickleGlobal: Meaning]
  /// Whether persistent identifiers may occur.
  public var allowsPersistentIdentifiers: Bool

  public init(_ meanings: [PickleGlobal: Meaning], allowsPersistentIdentifiers: Bool = false) {
    self.meanings = meanings
    self.allowsPersistentIdentifiers = allowsPersistentIdentifiers
  }

  /// `nil` for a name that must be refused.
  public func meaning(of global: PickleGlobal) -> Meaning? { meanings[global] }

  /// Plain pickles of Python and numpy values: `plans.pkl`, `*.model.pkl`, `CASE.pkl`.
  public static let plain: PicklePolicy = {
    var meanings: [PickleGlobal: Meaning] = [
      PickleGlobal("collections", "OrderedDict"): .orderedDictionary,
      PickleGlobal("numpy", "ndarray"): .numpyArrayType,
      PickleGlobal("numpy", "dtype"): .numpyDataType,
      PickleGlobal("_codecs", "encode"): .encode,
      PickleGlobal("builtins", "bytes"): .bytes,
      PickleGlobal("__builtin__", "bytes"): .bytes,
    ]
    // numpy 2 renamed its inner package.
    for core in ["numpy.core", "numpy._core"] {
      meanings[PickleGlobal("\(core).multiarray", "_reconstruct")] = .numpyReconstruct
      meanings[PickleGlobal("\(core).multiarray", "scalar")] = .numpyScalar
      meanings[PickleGlobal("\(core).numeric", "_frombuffer")] = .numpyFromBuffer
    }
    return PicklePolicy(meanings)
  }()

  /// The pickle in a torch checkpoint: the plain names, tensors and the storages' types.
  public static let torchCheckpoint: PicklePolicy = {
    var meanings = plain.meanings
    for type in ["Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool"] {
      meanings[PickleGlobal("torch", "\(type)Storage")] = .symbol
    }
    meanings[PickleGlobal("torch._utils", "_rebuild_tensor_v2")] = .call
    meanings[PickleGlobal("torch._utils", "_rebuild_parameter")] = .call
    return PicklePolicy(meanings, allowsPersistentIdentifiers: true)
  }()
}
