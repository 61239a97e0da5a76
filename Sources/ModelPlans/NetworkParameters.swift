/// One tensor of the state dict.
public struct NetworkParameter: Hashable, Sendable {
  public enum Role: Hashable, Sendable {
    /// A trained number.
    case trained
    /// A running mean or variance of batch normalisation.
    case statistic
    /// How many batches the statistics saw: an integer that prediction doesn't need. torch adds it where an old checkpoint lacks it.
    case counter
    /// A trained number or a statistic that the state dict holds under another name too.
    case `repeated`
  }

  public var name: String
  /// Extents in torch's order, the last axis the fastest.
  public var shape: [Int]
  public var role = Role.trained
  public var count: Int { shape.reduce(1, *) }
  /// Whether the network computes with it.
  public var isNeeded: Bool { role == .trained || role == .statistic }
}

extension NetworkDescription {
  /// A layer's tensors.
  public func parameters(of layer: NetworkLayer) -> [NetworkParameter] {
    let (incoming, outgoing) = (layer.inputChannels, layer.outputChannels)
    switch layer.kind {
    case .block:
      let weight = NetworkParameter(name: "\(layer.convolution).weight", shape: [outgoing, incoming] + layer.kernel)
      let bias = NetworkParameter(name: "\(layer.convolution).bias", shape: [outgoing])
      let normalization = normalizationParameters(layer.normalization, channels: outgoing)
      var again: [NetworkParameter] = []
      if let twin = layer.repeated {
        again =
          [NetworkParameter(name: "\(twin.convolution).weight", shape: weight.shape, role: .repeated)]
          + normalizationParameters(twin.normalization, channels: outgoing).map {
            NetworkParameter(name: $0.name, shape: $0.shape, role: $0.role == .counter ? .counter : .repeated)
          }
      }
      return [weight] + (layer.hasBias ? [bias] : []) + normalization + again
    case .transposedConvolution:
      return [NetworkParameter(name: "\(layer.name).weight", shape: [incoming, outgoing] + layer.kernel)]
    case .head:
      return [NetworkParameter(name: "\(layer.name).weight", shape: [outgoing, incoming] + layer.kernel)]
        + (headHasBias ? [NetworkParameter(name: "\(layer.name).bias", shape: [outgoing])] : [])
    }
  }

  private func normalizationParameters(_ name: String, channels: Int) -> [NetworkParameter] {
    let affine = ["weight", "bias"].map { NetworkParameter(name: "\(name).\($0)", shape: [channels]) }
    switch block.normalization {
    case .none: return []
    case .instance, .group: return affine
    case .batch:
      return affine
        + ["running_mean", "running_var"].map {
          NetworkParameter(name: "\(name).\($0)", shape: [channels], role: .statistic)
        } + [NetworkParameter(name: "\(name).num_batches_tracked", shape: [], role: .counter)]
    case .filterResponse:
      return ["weight", "bias", "tau"].map {
        NetworkParameter(name: "\(name).\($0)", shape: [1, channels] + ones)
      }
    }
  }

  /// Every layer with parameters, in the order of the state dict; the heads of deep supervision are among them.
  public var layers: [NetworkLayer] {
    let upward = (0..<poolings).reversed()
    let encoder = (0...poolings).flatMap { self.encoder(level: $0) }
    let decoder = upward.flatMap { self.decoder(level: $0) }
    let upsampling = upward.map { self.upsampling(to: $0) }
    if residual == nil { return decoder + encoder + upsampling + upward.map { head(level: $0) } }
    return encoder + [head(level: 0)] + upsampling + decoder + upward.dropLast().map { head(level: $0) }
  }

  /// Every tensor of the state dict, in its order.
  public var parameters: [NetworkParameter] { layers.flatMap { parameters(of: $0) } }

  /// Trained numbers in all.
  public var parameterCount: Int { parameters.reduce(0) { $0 + ($1.role == .trained ? $1.count : 0) } }
}
