package import ModelPlans

extension NetworkDescription {
  /// - Throws: `NetworkExecutionError.unsupportedDescription` when lists don't fit each other, a kernel, stride or channel
  ///   count is out of range, or the patch can't be halved as often as the strides ask.
  package func checkExecutable() throws {
    let axes = patch.count
    try require(axes == 2 || axes == 3, "the patch has \(axes) axes, expected 2 or 3")
    try require(
      features.count == poolings + 1 && kernels.count == poolings + 1,
      "\(poolings) poolings need \(poolings + 1) feature counts and kernels, found \(features.count) and \(kernels.count)"
    )
    try require(
      kernels.allSatisfy { $0.count == axes && $0.allSatisfy { $0 == 1 || $0 == 3 } },
      "the convolution kernels are \(kernels), expected 1 or 3 for each of \(axes) axes")
    try require(
      strides.allSatisfy { $0.count == axes && $0.allSatisfy { $0 == 1 || $0 == 2 } },
      "the pooling kernels are \(strides), expected 1 or 2 for each of \(axes) axes")
    try require(
      inputChannels > 0 && outputChannels > 0 && blocksPerLevel > 0 && features.allSatisfy { $0 > 0 },
      "channel and block counts must be positive, found input \(inputChannels), output \(outputChannels), "
        + "levels \(features), blocks per level \(blocksPerLevel)")
    try checkBlocks()
    for axis in 0..<axes {
      let divisor = strides.reduce(1) { $0 * $1[axis] }
      try require(
        patch[axis] > 0 && patch[axis] % divisor == 0,
        "the patch \(patch) has an extent that isn't a multiple of its pooling, \(divisor), along axis \(axis)")
    }
  }

  private func checkBlocks() throws {
    if let residual {
      try require(
        residual.encoderBlocks.count == poolings + 1 && residual.decoderBlocks.count == poolings
          && (residual.encoderBlocks + residual.decoderBlocks).allSatisfy { $0 > 0 },
        "\(poolings) poolings need residual blocks for \(poolings + 1) levels and blocks for \(poolings) steps of the decoder, found "
          + "\(residual.encoderBlocks) and \(residual.decoderBlocks)")
      try require(
        block.order == .normalizationFirst, "residual blocks normalise before the activation, found the other order")
    }
    switch block.normalization {
    case .group(let groups):
      try require(
        groups > 0 && features.allSatisfy { $0 % groups == 0 },
        "group normalisation with \(groups) groups needs features that are a multiple of it, found \(features)")
    case .filterResponse:
      try require(
        block.activation == .none && residual == nil,
        "filter response normalisation has its threshold for an activation, found another one or residual blocks")
    case .instance, .batch, .none: break
    }
  }
}

private func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws {
  guard condition else { throw NetworkExecutionError.unsupportedDescription(reason()) }
}
