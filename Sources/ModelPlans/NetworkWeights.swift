/// The trained parameters of one fold, by nnU-Net's names.
///
/// Values are float32 in C order. Whoever makes one has checked it against the description: each parameter that the
/// layers name is there, with the shape that `NetworkLayer` states.
public protocol NetworkWeights: Sendable {
  /// Calls `body` with the values of the parameter `name`, valid during the call only.
  /// - Throws: when there is no parameter of that name.
  func withParameter<Result>(_ name: String, _ body: (UnsafeBufferPointer<Float>) throws -> Result) throws -> Result
}
