internal import Glibc
internal import ModelPlans

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
    var random = NormalNumbers(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(number))
    for index in 0..<parameter.count { values[index] = Float(deviation * random.next()) }
  }
}

/// Normal numbers from SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014) by Box and Muller's
/// formula.
private struct NormalNumbers {
  private var state: UInt64
  private var spare: Double?

  init(seed: UInt64) {
    state = seed
    _ = uniform()  // neighbouring seeds part at the second number
  }

  private mutating func uniform() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return Double(z >> 11) * 0x1p-53
  }

  mutating func next() -> Double {
    if let value = spare {
      spare = nil
      return value
    }
    let radius = (-2 * log(1 - uniform())).squareRoot()
    let angle = 2 * Double.pi * uniform()
    spare = radius * sin(angle)
    return radius * cos(angle)
  }
}
