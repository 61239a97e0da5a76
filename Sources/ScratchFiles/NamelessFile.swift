internal import Glibc

/// A temporary file without a name: nothing is left of it when the process dies, however it does. No other program inherits it.
public final class NamelessFile: Sendable {
  public let descriptor: Int32

  /// - Parameters:
  ///   - folder: where there is room for it.
  ///   - prefix: of the name that it has for a moment.
  /// - Throws: `ScratchFileError`.
  public init(in folder: String, prefix: String) throws(ScratchFileError) {
    var template = Array("\(folder)/\(prefix)-XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw ScratchFileError(code: errno) }
    unlink(template)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  deinit { close(descriptor) }
}

/// Why the system refuses a temporary file: `code` is its `errno`.
public struct ScratchFileError: Error, Hashable, Sendable, CustomStringConvertible {
  public var code: Int32

  public init(code: Int32) {
    self.code = code
  }

  public var description: String { String(cString: strerror(code)) }
}
