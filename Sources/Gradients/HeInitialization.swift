internal import Glibc
internal import ModelPlans
internal import RandomStreams

/// nnU-Net's first weights (network_architecture/initialization.py, `InitWeights_He`): those of convolutions are normal with the deviation
/// sqrt(2 / (1 + slope^2)) / sqrt(fan in), biases 0, weights of normalisations 1.
///
/// The fan in is the second extent times the kernel, so that of a transposed convolution counts its output channels, as in torch.
struct HeInitialization {
  let seed: UInt64
  let slope: Double

  /// - Parameter number: of the parameter in the state dict; each draws from a stream of its own.
  func fill(_ values: UnsafeMutablePointer<Float>, _ parameter: NetworkParameter, number: Int) {
    let shape = parameter.shape
    guard shape.count > 1 else {
      let isScale = parameter.name.hasSuffix("instnorm.weight")
      values.update(repeating: isScale ? 1 : 0, count: parameter.count)
      return
    }
    let fanIn = shape.dropFirst().reduce(1, *)
    let deviation = (2 / (1 + slope * slope)).squareRoot() / Double(fanIn).squareRoot()
    var random = RandomStream(seed: seed, name: SIMD3(UInt32(number), 0, 0))
    for index in stride(from: 0, to: parameter.count, by: 2) {
      let pair = random.normals()
      values[index] = Float(deviation * pair.0)
      if index + 1 < parameter.count { values[index + 1] = Float(deviation * pair.1) }
    }
  }
}
