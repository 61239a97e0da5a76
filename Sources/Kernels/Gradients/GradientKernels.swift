internal import CKernels

/// The C kernels of the training engine for one instruction set. Bits may differ between instruction sets, by one rounding where a
/// multiply-add has one instead of two.
public struct GradientKernels: @unchecked Sendable {  // tables of functions that are never written
  public let blocked: BlockedKernels
  let table: UnsafePointer<tessera_gradient_kernels>

  /// The kernels of the strongest instruction set.
  public static let best: GradientKernels = {
    guard let kernels = GradientKernels(BlockedKernels.best.instructionSet) else {
      fatalError("the portable kernels are part of every build")
    }
    return kernels
  }()

  /// `nil` when this processor doesn't have the instruction set.
  public init?(_ instructionSet: InstructionSet) {
    guard let table = tessera_gradient_kernels_of(Int32(instructionSet.rawValue)),
      let blocked = BlockedKernels(instructionSet)
    else { return nil }
    self.table = table
    self.blocked = blocked
  }
}
