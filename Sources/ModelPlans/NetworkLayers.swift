extension NetworkDescription {
  /// Blocks of encoder level `level` in order; the last level is the bottleneck.
  public func encoder(level: Int) -> [NetworkLayer] {
    if let residual { return residualEncoder(residual, level: level) }
    let incoming = level == 0 ? inputChannels : features[level - 1]
    let names: [String] =
      level < poolings
      ? (0..<blocksPerLevel).map { "conv_blocks_context.\(level).blocks.\($0)" }
      : (0..<max(blocksPerLevel - 1, 1)).map { "conv_blocks_context.\(level).0.blocks.\($0)" }
        + ["conv_blocks_context.\(level).1.blocks.0"]
    return names.enumerated().map { index, name in
      NetworkLayer(
        name: name, kind: .block, inputChannels: index == 0 ? incoming : features[level],
        outputChannels: features[level], kernel: kernels[level],
        stride: index == 0 && level > 0 ? strides[level - 1] : ones, level: level)
    }
  }

  /// The transposed convolution that leads up to `level`.
  public func upsampling(to level: Int) -> NetworkLayer {
    let step = poolings - 1 - level
    return NetworkLayer(
      name: residual == nil ? "tu.\(step)" : "decoder.tus.\(step)", kind: .transposedConvolution,
      inputChannels: features[level + 1], outputChannels: features[level], kernel: strides[level],
      stride: strides[level], level: level)
  }

  /// Blocks of decoder level `level` in order. Their kernel is that of encoder level `level + 1`, as in nnU-Net; after a residual
  /// encoder it is that of `level`.
  public func decoder(level: Int) -> [NetworkLayer] {
    if let residual { return plainDecoder(residual, level: level) }
    let step = poolings - 1 - level
    let names =
      (0..<max(blocksPerLevel - 1, 1)).map { "conv_blocks_localization.\(step).0.blocks.\($0)" }
      + ["conv_blocks_localization.\(step).1.blocks.0"]
    return names.enumerated().map { index, name in
      NetworkLayer(
        name: name, kind: .block, inputChannels: index == 0 ? 2 * features[level] : features[level],
        outputChannels: features[level], kernel: kernels[level + 1], stride: ones, level: level)
    }
  }

  /// The segmentation head of `level`; inference uses that of level 0.
  public func head(level: Int) -> NetworkLayer {
    let step = poolings - 1 - level
    let name =
      if residual == nil {
        "seg_outputs.\(step)"
      } else {
        level == 0 ? "decoder.segmentation_output" : "decoder.deep_supervision_outputs.\(step)"
      }
    return NetworkLayer(
      name: name, kind: .head, inputChannels: features[level], outputChannels: outputChannels, kernel: ones,
      stride: ones, level: level)
  }

  /// One for each spatial axis.
  var ones: [Int] { [Int](repeating: 1, count: spatialAxes) }
}
