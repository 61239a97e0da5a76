internal import Glibc

/// Why a process can't be started or spoken to.
public struct ProcessError: Error, Hashable, CustomStringConvertible {
  /// What was being done.
  public var action: String
  /// The system's `errno`.
  public var code: Int32

  public var description: String {
    "\(action) failed: \(String(cString: strerror(code))); check the limits of processes, memory and open files."
  }
}
