internal import Kernels
internal import ModelPlans

/// What a layer costs at least in the way in which an engine computes it.
struct LayerCost {
  /// Floating-point operations that are really done, a multiply-add being two.
  var arithmetic: Double
  /// Bytes of each of its inputs and of its output.
  var tensorBytes: [Int]
  /// Bytes of its weights as the engine lays them out.
  var weightBytes: Int

  /// Bytes that cross the memory bus if each is moved once: tensors that don't fit the last-level cache, and weights unless those
  /// of all layers fit it.
  func memoryBytes(allWeightBytes: Int) -> Int {
    tensorBytes.filter { $0 > LastLevelCache.bytes }.reduce(0, +)
      + (allWeightBytes > LastLevelCache.bytes ? weightBytes : 0)
  }
}

extension WinogradProgram {
  func cost(_ step: Step) -> LayerCost {
    func bytes(_ tensor: Int) -> Int {
      BlockedTensor.floats(channels: tensors[tensor].channels, extent: tensors[tensor].extent) * 4
    }
    let patch = voxels(threeAxes(description.patch)) * 4
    let inputs = step.inputs.isEmpty ? [patch * description.inputChannels] : step.inputs.map(bytes)
    return LayerCost(
      arithmetic: step.operation.arithmetic,
      tensorBytes: inputs + [step.output.map(bytes) ?? patch * description.outputChannels],
      weightBytes: step.operation.packedWeights * 4)
  }
}

extension WinogradProgram.Operation {
  /// Floating-point operations of one pass.
  fileprivate var arithmetic: Double {
    switch self {
    case .first(let convolution), .direct(let convolution): convolution.arithmetic
    case .winograd(let convolution): convolution.arithmetic
    case .upsampling(let upsampling): upsampling.arithmetic
    case .slabwise(let both): both.arithmetic
    case .head(let head): head.arithmetic
    }
  }
}

extension NetworkProgram {
  func cost(_ step: Step) -> LayerCost {
    let layer = step.layer
    let output = voxels(extent(of: layer)) * layer.outputChannels * 4
    return LayerCost(
      arithmetic: description.operations(of: layer),
      tensorBytes: step.inputs.map { tensors[$0].floats * 4 } + [output],
      weightBytes: layer.inputChannels * layer.outputChannels * layer.kernel.reduce(1, *) * 4)
  }

  private func extent(of layer: NetworkLayer) -> SIMD3<Int> {
    description.strides[..<layer.level].reduce(extent) { $0 / threeAxes($1) }
  }
}
