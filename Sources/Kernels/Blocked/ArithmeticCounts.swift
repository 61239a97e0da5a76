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
    return products(rows: window.outputCount * window.kernel.product, inputChannels, outputChannels)
  }
}

extension WinogradConvolution {
  /// Of one pass: the products and both transforms of each term.
  public var arithmetic: Double {
    terms.reduce(0) { sum, term in sum + term.arithmetic(depth: brick.map { $0[0] / term.transform.z.outputs }) }
  }
}

extension WinogradTerm {
  /// - Parameter depth: tiles of a brick along z, `nil` for all.
  fileprivate func arithmetic(depth: Int?) -> Double {
    let transforms =
      Double(inputs.blocks) * transform.inputArithmetic(depth: depth ?? tiles[0])
      + Double(outputBlocks * transform.outputArithmetic)
    return products(rows: tiles.product * transform.pointCount, inputs.padded, outputChannels)
      + Double(tiles.product * BlockedTensor.lanes) * transforms
  }
}

extension BlockedUpsampling {
  /// Of one pass.
  public var arithmetic: Double {
    products(rows: output.product, BlockedTensor.blocks(inputChannels) * BlockedTensor.lanes, outputChannels)
  }
}

extension SlabwiseConvolution {
  /// Of one pass.
  public var arithmetic: Double { upsampling.arithmetic + convolution.arithmetic }
}

extension BlockedHead {
  /// Of one pass.
  public var arithmetic: Double {
    products(rows: extent.product, BlockedTensor.blocks(inputChannels) * BlockedTensor.lanes, classes)
  }
}

extension WinogradTransform {
  /// Operations of B^T d on all axes, for one tile and channel: x first, then y, then z, as the kernels do it.
  /// - Parameter depth: tiles along z that share the planes between them.
  fileprivate func inputArithmetic(depth: Int) -> Double {
    let planes = Double(depth * z.step + z.overlap) / Double(depth)
    return planes * Double(y.inputs * x.inputArithmetic + x.rawValue * y.inputArithmetic)
      + Double(y.rawValue * x.rawValue * z.inputArithmetic)
  }

  /// Operations of A^T m on all axes, for one tile and channel: z first, then y, then x.
  fileprivate var outputArithmetic: Int {
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
    case .stridedTwo: 2
    case .four: 22
    case .stridedFour: 19
    case .doubledFour: 38
    }
  }

  /// Operations of A^T m on one line.
  fileprivate var outputArithmetic: Int {
    switch self {
    case .single: 0
    case .two: 4
    case .stridedTwo: 4
    case .four: 16
    case .stridedFour: 19
    case .doubledFour: 30
    }
  }
}

/// Of the product kernels: a multiply-add for each row, input channel and padded output channel.
private func products(rows: Int, _ inputChannels: Int, _ outputChannels: Int) -> Double {
  2 * Double(rows) * Double(inputChannels) * Double(BlockedTensor.blocks(outputChannels) * BlockedTensor.lanes)
}
