/// Why a network can't be trained, or a batch not be taken.
public enum GradientsError: Error, Hashable, CustomStringConvertible {
  /// The network has parts that have no gradient here.
  case unsupportedNetwork(String)
  /// A batch or a parameter has another size than the network asks for.
  case wrongSize(what: String, expected: Int, found: Int)
  /// A target is no class of the network.
  case wrongClass(found: Int, classes: Int)
  /// There is no parameter of that name.
  case noParameter(String)
  /// Training takes more memory than it may, in bytes.
  case overMemoryLimit(needed: Int, limit: Int)

  public var description: String {
    switch self {
    case .unsupportedNetwork(let reason):
      "Preparing a network for training: \(reason). Train plain U-Nets with instance normalisation and leaky ReLU."
    case .wrongSize(let what, let expected, let found):
      "Training a network: expected \(expected) values for \(what), found \(found). Check batch size and patch against the plans."
    case .wrongClass(let found, let classes):
      "Training a network: a target is class \(found), expected 0 to \(classes - 1). Check the labels against the plans."
    case .noParameter(let name):
      "Training a network: it has no parameter \(name). Check that the checkpoint belongs to these plans."
    case .overMemoryLimit(let needed, let limit):
      "Preparing a network for training: it takes at least \(needed) bytes, and may take \(limit). Allow more memory, or plan a smaller patch."
    }
  }
}
