internal import CKernels

/// The gradient of a convolution's input, for strides of 1: the convolution of the output's gradient with the flipped kernels, input and
/// output channels exchanged. So it is computed by the same methods.
public struct InputGradient: Sendable {
  /// How the convolution back is computed.
  public enum Method: Sendable {
    case direct(DirectConvolution)
    case winograd(WinogradConvolution)
  }

  public let method: Method
  private let inputs: BlockedChannels
  private let outputChannels: Int
  private let taps: Int

  /// - Parameters:
  ///   - window: of the convolution, with strides of 1.
  ///   - sources: channels of its inputs, in the order of concatenation.
  ///   - transform: of the convolution back; `nil` for a direct one.
  public init(window: ConvolutionWindow, sources: [Int], outputChannels: Int, transform: WinogradTransform?) {
    precondition(
      window.stride == SIMD3(1, 1, 1), "an input gradient of a strided convolution is StridedInputGradient's")
    inputs = BlockedChannels(sources)
    self.outputChannels = outputChannels
    taps = window.kernel.product
    method =
      if let transform {
        .winograd(
          WinogradConvolution(
            window: window, sources: [outputChannels], outputChannels: inputs.padded, transform: transform))
      } else {
        .direct(
          DirectConvolution(window: window, source: .tensors([outputChannels]), outputChannels: inputs.padded))
      }
  }

  public var packedWeights: Int {
    switch method {
    case .direct(let convolution): convolution.packedWeights
    case .winograd(let convolution): convolution.packedWeights
    }
  }

  /// Of packing and running.
  public var scratch: ScratchNeed {
    let run =
      switch method {
      case .direct(let convolution): convolution.scratch
      case .winograd(let convolution): convolution.scratch
      }
    return ScratchNeed(shared: max(run.shared, inputs.padded * outputChannels * taps), perWorker: run.perWorker)
  }

  /// Statistics that the convolution makes and nobody reads, in doubles.
  public var momentDoubles: Int { PartMoments.doubles(parts: parts, channels: inputs.padded) }

  private var parts: Int {
    switch method {
    case .direct(let convolution): convolution.parts
    case .winograd(let convolution): convolution.parts
    }
  }

  /// - Parameters:
  ///   - weights: `[output channel][input channel][z][y][x]`, as nnU-Net stores them.
  ///   - packed: `packedWeights` floats, aligned to 64 bytes.
  public func pack(
    _ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
    pool: ComputePool, kernels: GradientKernels = .best
  ) {
    let (count, outputs, taps) = (inputs.places.count, outputChannels, taps)
    if count != inputs.padded { scratch.update(repeating: 0, count: inputs.padded * outputs * taps) }
    pool.forEach(count) { channel, _ in
      let target = scratch + inputs.places[channel] * outputs * taps
      for output in 0..<outputs {
        let from = weights + (output * count + channel) * taps
        for tap in 0..<taps { target[output * taps + tap] = from[taps - 1 - tap] }
      }
    }
    switch method {
    case .direct(let convolution): convolution.pack(scratch, into: packed, pool: pool)
    case .winograd(let convolution):
      convolution.pack(scratch, into: packed, pool: pool, kernels: kernels.blocked)
    }
  }

  /// - Parameters:
  ///   - outputGradient: of the convolution's output.
  ///   - weights: from `pack`.
  ///   - inputGradient: overwritten; the inputs' blocks one after the other.
  ///   - moments: `momentDoubles`.
  public func run(
    _ outputGradient: BlockedTensor, weights: UnsafePointer<Float>, inputGradient: BlockedTensor,
    moments: UnsafeMutablePointer<Double>, scratch: UnsafeMutablePointer<Float>, pool: ComputePool,
    kernels: GradientKernels = .best
  ) {
    let moments = PartMoments(base: moments, parts: parts, channels: inputs.padded)
    let room = LayerScratch(base: scratch, need: self.scratch, threads: pool.threads)
    switch method {
    case .direct(let convolution):
      convolution.run(
        [outputGradient], weights: weights, output: inputGradient, moments: moments, scratch: room, pool: pool,
        kernels: kernels.blocked)
    case .winograd(let convolution):
      convolution.run(
        [outputGradient], weights: weights, output: inputGradient, moments: moments, scratch: room, pool: pool,
        kernels: kernels.blocked)
    }
  }
}
