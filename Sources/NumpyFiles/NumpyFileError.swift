/// An array of numpy's that can't be read.
public struct NumpyFileError: Error, Hashable, Sendable, CustomStringConvertible {
  public var reason: String

  public init(reason: String) {
    self.reason = reason
  }

  public var description: String {
    "Reading a numpy array failed because \(reason); make the file again with nnU-Net or Tessera."
  }
}
