// Floating-point operations that the winograd engine really does, a multiply-add being two: what a layer's time is held against a
// processor's peak by. Channels count as padded. Normalisation, activation and statistics aren't counted.

extension DirectConvolution {
  /// Of one pass.
  public var arithmetic: Double {
    let inputChannels =
      switch source {
      case .planes(let channels): channels
      case .tensors(let sources): BlockedChannels(sources).padded
      }
    return products(rows: window.outputCount * volume(window.kernel), inputChannels, outputChannels)
  }
}

extension WinogradConvolution {
  /// Of one pass: the products and both transforms.
  public var arithmetic: Double {
    let outputBlocks = BlockedTensor.blocks(outputChannels)
    let transforms = inputs.blocks * transform.inputArithmetic + outputBlocks * transform.outputArithmetic
    return products(rows: volume(tiles) * transform.pointCount, inputs.padded, outputChannels)
      + Double(volume(tiles)) * Double(transforms * BlockedTensor.lanes)
  }
}

extension BlockedUpsampling {
  /// Of one pass.
  public var arithmetic: Double {
    products(rows: volume(output), BlockedTensor.blocks(inputChannels) * BlockedTensor.lanes, outputChannels)
  }
}

extension BlockedHead {
  /// Of one pass.
  public var arithmetic: Double {
    products(rows: volume(extent), BlockedTensor.blocks(inputChannels) * BlockedTensor.lanes, classes)
  }
}

extension WinogradTransform {
  /// Operations of B^T d on all axes, for one tile and channel: x first, then y, then z, as the kernels do it.
  var inputArithmetic: Int {
    let (z, y, x) = (self.z.rawValue, self.y.rawValue, self.x.rawValue)
    return z * y * self.x.inputArithmetic + z * x * self.y.inputArithmetic + y * x * self.z.inputArithmetic
  }

  /// Operations of A^T m on all axes, for one tile and channel: z first, then y, then x.
  var outputArithmetic: Int {
    y.rawValue * x.rawValue * z.outputArithmetic + z.outputs * x.rawValue * y.outputArithmetic
      + z.outputs * y.outputs * x.outputArithmetic
  }
}

extension WinogradTransform.Axis {
  /// Operations of B^T d on one line, as CKernels/winograd computes it.
  fileprivate var inputArithmetic: Int {
    switch self {
    case .single: 0
    case .two: 4
    case .strided: 2
    case .four: 22
    }
  }

  /// Operations of A^T m on one line.
  fileprivate var outputArithmetic: Int {
    switch self {
    case .single: 0
    case .two: 4
    case .strided: 4
    case .four: 16
    }
  }
}

private func volume(_ extent: SIMD3<Int>) -> Int { extent[0] * extent[1] * extent[2] }

/// Of the product kernels: a multiply-add for each row, input channel and padded output channel.
private func products(rows: Int, _ inputChannels: Int, _ outputChannels: Int) -> Double {
  2 * Double(rows) * Double(inputChannels) * Double(BlockedTensor.blocks(outputChannels) * BlockedTensor.lanes)
}
