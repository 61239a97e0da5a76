/// Why a network can't be prepared or run.
public enum NetworkExecutionError: Error, Hashable, CustomStringConvertible {
  /// The description isn't one that the executors can run.
  case unsupportedDescription(String)
  /// The description is one that another engine can run.
  case notThisEngine(engine: String, reason: String)
  /// A buffer or a parameter doesn't have the size that the description asks for, in floats.
  case wrongSize(what: String, expected: Int, found: Int)
  /// A parameter has a value that no training gives.
  case impossibleParameter(name: String, expected: String)
  /// The system gave no memory.
  case outOfMemory(what: String, bytes: Int)

  public var description: String {
    switch self {
    case .unsupportedDescription(let reason):
      "Preparing a network: \(reason). Check the model's plans."
    case .notThisEngine(let engine, let reason):
      "Preparing a network for the engine \(engine): \(reason). Use the engine blas, or let it be chosen."
    case .wrongSize(let what, let expected, let found):
      "Preparing or running a network: expected \(expected) values for \(what), found \(found)."
    case .impossibleParameter(let name, let expected):
      "Preparing a network: the parameter \(name) should be \(expected), and isn't; the checkpoint is damaged. Export it again."
    case .outOfMemory(let what, let bytes):
      "Preparing a network: the system refused \(bytes) bytes for \(what). Free memory or use fewer worker slots."
    }
  }
}
