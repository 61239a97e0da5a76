/// Why a model couldn't be found, opened or read; `description` is a whole sentence.
public struct ModelStoreError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Code: String, Hashable, Sendable {
    /// A folder or file isn't there.
    case notFound
    /// A name that the caller gave fits several models or none.
    case ambiguous
    /// A file isn't what nnU-Net or torch writes.
    case damaged
    /// The weights don't belong to the network that the plans describe.
    case mismatch
    /// A file can't be read.
    case unreadable
    /// The model's network or trainer can't be run.
    case unsupported
    /// Something is there that mustn't be replaced.
    case exists
    /// A file or folder can't be written.
    case unwritable
  }

  public var code: Code
  public var description: String

  public init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
