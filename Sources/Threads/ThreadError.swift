/// Why a thread or its wake-up can't be had.
public enum ThreadError: Error, Hashable, CustomStringConvertible {
  /// The system refused to make the named thing; `code` is its `errno`.
  case unavailable(String, code: Int32)
  /// Work was handed to a thread that had been closed.
  case closed(String)

  public var description: String {
    switch self {
    case .unavailable(let thing, let code):
      "The system didn't give this process \(thing) (errno \(code)); check its limits of threads, memory and open files."
    case .closed(let name): "The thread \(name) has been closed by this process and takes no more work."
    }
  }
}
