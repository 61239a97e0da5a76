internal import CKernels

/// The C kernels of one instruction set, by name. Tests hold each level against the same twin.
///
/// Pointers are read and written as activation_kernels.h states; rows are the channels of one voxel.
public struct ActivationKernels: @unchecked Sendable {  // a table of functions that is never written
  public let instructionSet: InstructionSet
  let table: UnsafePointer<tessera_activation_kernels>

  /// The kernels of the strongest instruction set.
  public static let best: ActivationKernels = {
    guard let kernels = ActivationKernels(.best) else {
      fatalError("the portable kernels are part of every build")
    }
    return kernels
  }()

  /// `nil` when this processor doesn't have the instruction set.
  public init?(_ instructionSet: InstructionSet) {
    guard let table = tessera_activation_kernels_of(Int32(instructionSet.rawValue)) else { return nil }
    self.instructionSet = instructionSet
    self.table = table
  }

  /// In place, over the classes of each voxel: `exp(x - max) / sum`, to about 2 units in the last place.
  /// - Parameters:
  ///   - logits: `[class][stride]`; what lies between `count` and `stride` is overwritten.
  ///   - stride: a multiple of 16.
  public func softmax(_ logits: UnsafeMutablePointer<Float>, classes: Int, count: Int, stride: Int) {
    table.pointee.softmax(logits, classes, count, stride)
  }

  /// In place: `1 / (1 + exp(-x))`. Layout as for `softmax`.
  public func sigmoid(_ logits: UnsafeMutablePointer<Float>, classes: Int, count: Int, stride: Int) {
    table.pointee.sigmoid(logits, classes, count, stride)
  }

  /// `sum[i] += weight * values[i]`, or with `reversed` `sum[count - 1 - i] += weight * values[i]`.
  public func addScaled(
    _ sum: UnsafeMutablePointer<Float>, _ values: UnsafePointer<Float>, count: Int, weight: Float, reversed: Bool
  ) {
    table.pointee.add_scaled(sum, values, count, weight, reversed ? 1 : 0)
  }

  /// Mean and sum of squared deviations of each channel over `count` rows, `stride` floats apart.
  public func rowStatistics(
    _ rows: UnsafePointer<Float>, count: Int, channels: Int, stride: Int, mean: UnsafeMutablePointer<Double>,
    deviations: UnsafeMutablePointer<Double>
  ) {
    table.pointee.row_statistics(rows, count, channels, stride, mean, deviations)
  }

  /// In place over `count` rows, `stride` floats apart: `y = (x - mean) * scale + shift + residual`, then the activation.
  /// - Parameters:
  ///   - affine: of `channels` channels.
  ///   - residual: rows `stride` floats apart, or `nil` for 0.
  public func normalize(
    _ rows: UnsafeMutablePointer<Float>, count: Int, channels: Int, stride: Int, affine: ChannelAffine,
    residual: UnsafePointer<Float>? = nil, activation: BlockActivation
  ) {
    var forC = tessera_affine(mean: affine.mean, scale: affine.scale, shift: affine.shift)
    var activationForC = activation.forC
    table.pointee.normalize(rows, count, channels, stride, &forC, residual, &activationForC)
  }
}
