internal import CKernels

/// Which input voxels each output voxel of a convolution sees. Axes are `[z, y, x]`; a 2D network has z = 1.
///
/// Padding is 1 where the kernel is 3, else 0 (generic_UNet.py pads so); a stride of 2 gives ceil(n / 2) outputs.
public struct ConvolutionWindow: Hashable, Sendable {
  public let input: SIMD3<Int>
  public let output: SIMD3<Int>
  /// 1 or 3 per axis.
  public let kernel: SIMD3<Int>
  /// 1 or 2 per axis.
  public let stride: SIMD3<Int>

  public init(input: SIMD3<Int>, kernel: SIMD3<Int>, stride: SIMD3<Int>) {
    self.input = input
    self.kernel = kernel
    self.stride = stride
    output = (input &+ stride &- 1) / stride
  }

  /// Output voxels.
  public var outputCount: Int { output.x * output.y * output.z }
  /// (kernel z, kernel y) pairs.
  var tapRows: Int { kernel[0] * kernel[1] }

  var forC: tessera_window {
    tessera_window(
      input: (input[0], input[1], input[2]), output: (output[0], output[1], output[2]),
      kernel: (kernel[0], kernel[1], kernel[2]), stride: (stride[0], stride[1], stride[2]))
  }
}
