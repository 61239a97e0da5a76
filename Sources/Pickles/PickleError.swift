internal import Wording

/// Why a pickle was refused. Offsets count bytes from the pickle's begin.
public enum PickleError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The bytes end before what an instruction needs.
  case truncated(offset: Int, needed: UInt64, available: Int)
  /// The pickle refers to something that isn't on the list of allowed names.
  case refusedGlobal(PickleGlobal, offset: Int)
  case unknownInstruction(UInt8, offset: Int)
  /// An instruction that makes objects or reaches outside the pickle; nnU-Net's files hold none.
  case refusedInstruction(String, offset: Int)
  case malformed(String, offset: Int)
  /// One of `PickleLimits` is exceeded.
  case limitExceeded(String)
  /// A value contains itself.
  case cyclic

  public var description: String {
    switch self {
    case .truncated(let offset, let needed, let available):
      "The pickle ends too early: at byte \(offset) it needs \(needed) more bytes, but has \(available). "
        + "The file is cut or damaged; copy it again."
    case .refusedGlobal(let global, let offset):
      "The pickle refers to '\(global)' at byte \(offset), which isn't one of the names that nnU-Net's files need. "
        + "Nothing was run; don't load this file anywhere unless you trust its origin."
    case .unknownInstruction(let code, let offset):
      "Byte \(offset) of the pickle is \(code), which is no pickle instruction. The file is damaged or isn't a pickle."
    case .refusedInstruction(let name, let offset):
      "The pickle uses the instruction \(name) at byte \(offset), which nnU-Net's files don't hold. Nothing was run."
    case .malformed(let reason, let offset):
      "The pickle is malformed at byte \(offset): \(reason.quotable(limit: 400)). The file is damaged or isn't what nnU-Net wrote."
    case .limitExceeded(let reason):
      "The pickle is larger than anything that nnU-Net writes: \(reason)."
    case .cyclic:
      "A value in the pickle contains itself, which nothing in nnU-Net's files does."
    }
  }
}
