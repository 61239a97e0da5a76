/// One tensor of the state dict.
public struct NetworkParameter: Hashable, Sendable {
  public var name: String
  /// Extents in torch's order, the last axis the fastest.
  public var shape: [Int]
  public var count: Int { shape.reduce(1, *) }
}

extension NetworkLayer {
  /// The layer's tensors. `headHasBias` matters to a head only.
  public func parameters(headHasBias: Bool) -> [NetworkParameter] {
    switch kind {
    case .block:
      [NetworkParameter(name: "\(name).conv.weight", shape: [outputChannels, inputChannels] + kernel)]
        + ["conv.bias", "instnorm.weight", "instnorm.bias"].map {
          NetworkParameter(name: "\(name).\($0)", shape: [outputChannels])
        }
    case .transposedConvolution:
      [NetworkParameter(name: "\(name).weight", shape: [inputChannels, outputChannels] + kernel)]
    case .head:
      [NetworkParameter(name: "\(name).weight", shape: [outputChannels, inputChannels] + kernel)]
        + (headHasBias ? [NetworkParameter(name: "\(name).bias", shape: [outputChannels])] : [])
    }
  }
}

extension NetworkDescription {
  /// Every layer with parameters, in the order of the state dict; the heads of deep supervision are among them.
  public var layers: [NetworkLayer] {
    let upward = (0..<poolings).reversed()
    return upward.flatMap { decoder(level: $0) } + (0...poolings).flatMap { encoder(level: $0) }
      + upward.map { upsampling(to: $0) } + upward.map { head(level: $0) }
  }

  /// Every tensor of the state dict, in its order.
  public var parameters: [NetworkParameter] { layers.flatMap { $0.parameters(headHasBias: headHasBias) } }

  /// Trained numbers in all.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }
}
