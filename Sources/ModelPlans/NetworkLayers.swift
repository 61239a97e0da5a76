/// One layer with parameters, in the words of nnU-Net's state dict.
public struct NetworkLayer: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// Convolution with bias, then normalisation and activation. Parameters `<name>.conv.weight` `[out, in, kernel…]`,
    /// `<name>.conv.bias`, `<name>.instnorm.weight`, `<name>.instnorm.bias`, each `[out]`.
    case block
    /// Transposed convolution, stride equal to kernel, no bias. Parameter `<name>.weight` `[in, out, kernel…]`.
    case transposedConvolution
    /// 1x1 convolution to the output channels. Parameter `<name>.weight` `[out, in, 1…]`, perhaps `<name>.bias`.
    case head
  }

  public var name: String
  public var kind: Kind
  public var inputChannels: Int
  public var outputChannels: Int
  public var kernel: [Int]
  public var stride: [Int]
  /// The level whose resolution the layer's output has.
  public var level: Int
}

extension NetworkDescription {
  /// Blocks of encoder level `level` in order; the last level is the bottleneck.
  public func encoder(level: Int) -> [NetworkLayer] {
    let incoming = level == 0 ? inputChannels : features[level - 1]
    let one = [Int](repeating: 1, count: spatialAxes)
    let names: [String] =
      level < poolings
      ? (0..<blocksPerLevel).map { "conv_blocks_context.\(level).blocks.\($0)" }
      : (0..<max(blocksPerLevel - 1, 1)).map { "conv_blocks_context.\(level).0.blocks.\($0)" }
        + ["conv_blocks_context.\(level).1.blocks.0"]
    return names.enumerated().map { index, name in
      NetworkLayer(
        name: name, kind: .block, inputChannels: index == 0 ? incoming : features[level],
        outputChannels: features[level], kernel: kernels[level],
        stride: index == 0 && level > 0 ? strides[level - 1] : one, level: level)
    }
  }

  /// The transposed convolution that leads up to `level`.
  public func upsampling(to level: Int) -> NetworkLayer {
    NetworkLayer(
      name: "tu.\(poolings - 1 - level)", kind: .transposedConvolution, inputChannels: features[level + 1],
      outputChannels: features[level], kernel: strides[level], stride: strides[level], level: level)
  }

  /// Blocks of decoder level `level` in order. Their kernel is that of encoder level `level + 1`, as in nnU-Net.
  public func decoder(level: Int) -> [NetworkLayer] {
    let step = poolings - 1 - level
    let names =
      (0..<max(blocksPerLevel - 1, 1)).map { "conv_blocks_localization.\(step).0.blocks.\($0)" }
      + ["conv_blocks_localization.\(step).1.blocks.0"]
    return names.enumerated().map { index, name in
      NetworkLayer(
        name: name, kind: .block, inputChannels: index == 0 ? 2 * features[level] : features[level],
        outputChannels: features[level], kernel: kernels[level + 1], stride: [Int](repeating: 1, count: spatialAxes),
        level: level)
    }
  }

  /// The segmentation head of `level`; inference uses that of level 0.
  public func head(level: Int) -> NetworkLayer {
    let one = [Int](repeating: 1, count: spatialAxes)
    return NetworkLayer(
      name: "seg_outputs.\(poolings - 1 - level)", kind: .head, inputChannels: features[level],
      outputChannels: outputChannels, kernel: one, stride: one, level: level)
  }
}
