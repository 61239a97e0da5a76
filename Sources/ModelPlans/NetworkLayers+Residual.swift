/// The layers of `FabiansUNet` (nnunet/network_architecture/generic_modular_residual_UNet.py and custom_modules/conv_blocks.py).
/// Its convolutions have no bias.
extension NetworkDescription {
  /// The convolution before the first level, of kernel 3 along every axis; then each level's residual blocks.
  func residualEncoder(_ residual: ResidualEncoder, level: Int) -> [NetworkLayer] {
    var layers: [NetworkLayer] = []
    if level == 0 {
      layers.append(
        NetworkLayer(
          name: "encoder.initial", kind: .block, inputChannels: inputChannels, outputChannels: features[0],
          kernel: ones.map { 3 * $0 }, stride: ones, level: 0, convolution: "encoder.initial_conv",
          normalization: "encoder.initial_norm", hasBias: false))
    }
    for block in 0..<residual.encoderBlocks[level] {
      layers += residualBlock(
        "encoder.stages.\(level).convs.\(block)", level: level,
        inputChannels: block == 0 && level > 0 ? features[level - 1] : features[level],
        stride: block == 0 && level > 0 ? strides[level - 1] : ones)
    }
    return layers
  }

  private func residualBlock(_ name: String, level: Int, inputChannels: Int, stride: [Int]) -> [NetworkLayer] {
    func part(
      _ part: NetworkLayer.ResidualPart, _ suffix: String, _ convolution: String, _ normalization: String,
      inputChannels: Int, kernel: [Int], stride: [Int]
    ) -> NetworkLayer {
      NetworkLayer(
        name: "\(name).\(suffix)", kind: .block, inputChannels: inputChannels, outputChannels: features[level],
        kernel: kernel, stride: stride, level: level, convolution: "\(name).\(convolution)",
        normalization: "\(name).\(normalization)", hasBias: false, residualPart: part)
    }
    let needsShortcut = stride != ones || inputChannels != features[level]
    return
      (needsShortcut
      ? [
        part(
          .shortcut, "downsample_skip", "downsample_skip.0", "downsample_skip.1", inputChannels: inputChannels,
          kernel: ones, stride: stride)
      ] : [])
      + [
        part(
          .first, "conv1", "conv1", "norm1", inputChannels: inputChannels, kernel: kernels[level], stride: stride),
        part(
          .second, "conv2", "conv2", "norm2", inputChannels: features[level], kernel: kernels[level], stride: ones),
      ]
  }

  func plainDecoder(_ residual: ResidualEncoder, level: Int) -> [NetworkLayer] {
    let step = poolings - 1 - level
    return (0..<residual.decoderBlocks[step]).map { index in
      let name = "decoder.stages.\(step).convs.\(index)"
      return NetworkLayer(
        name: name, kind: .block, inputChannels: index == 0 ? 2 * features[level] : features[level],
        outputChannels: features[level], kernel: kernels[level], stride: ones, level: level,
        normalization: "\(name).norm", hasBias: false,
        // The block holds its parts a second time, as a sequence of convolution, dropout, normalisation, activation.
        repeated: .init(convolution: "\(name).all.0", normalization: "\(name).all.2"))
    }
  }
}
