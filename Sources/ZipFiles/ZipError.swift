/// Why a zip file couldn't be read or written; `description` is a whole sentence.
public struct ZipError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Code: Hashable, Sendable {
    /// The file can't be opened, or isn't a zip file.
    case open
    /// There is no such entry.
    case missingEntry
    /// An entry is larger than the caller allows, or claims what the file can't hold.
    case size
    /// An entry's bytes can't be read, or don't match their checksum.
    case read
    case write
  }

  public var code: Code
  public var description: String

  init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
