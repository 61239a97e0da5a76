internal import CKernels

/// The C kernels of the winograd engine for one instruction set. Bits may differ between instruction sets, by one rounding where
/// a multiply-add has one instead of two.
public struct BlockedKernels: @unchecked Sendable {  // tables of functions that are never written
  public let instructionSet: InstructionSet
  let products: tessera_product_kernels
  let winograd: tessera_winograd_kernels
  let activations: ActivationKernels

  /// The kernels of the strongest instruction set.
  public static let best: BlockedKernels = {
    guard let kernels = InstructionSet.available.reversed().lazy.compactMap(BlockedKernels.init).first else {
      fatalError("the portable kernels are part of every build")
    }
    return kernels
  }()

  /// `nil` when this processor doesn't have the instruction set.
  public init?(_ instructionSet: InstructionSet) {
    guard let products = tessera_product_kernels_of(Int32(instructionSet.rawValue)),
      let winograd = tessera_winograd_kernels_of(Int32(instructionSet.rawValue)),
      let activations = ActivationKernels(instructionSet)
    else { return nil }
    self.instructionSet = instructionSet
    self.products = products.pointee
    self.winograd = winograd.pointee
    self.activations = activations
  }

  @inline(__always)
  func multiply(_ product: tessera_product) {
    withUnsafePointer(to: product) { products.multiply($0) }
  }

  /// Copies `count` voxels of a block, starting at voxel `first`, to rows `stride` floats apart, normalised and activated.
  @inline(__always)
  func load(
    _ block: InputBlock, first: Int, count: Int, into target: UnsafeMutablePointer<Float>, stride: Int
  ) {
    products.activate(
      block.base + first * BlockedTensor.lanes, count, block.scale, block.shift, block.slope, target, stride)
  }

  /// The transforms of one combination of axes; `nil` for one that `WinogradTransform` doesn't list.
  func transforms(_ transform: WinogradTransform) -> TileTransforms? {
    let depth = UnsafeBufferPointer(start: winograd.depths, count: winograd.depth_count)
      .first { $0.points == transform.z.rawValue }
    guard transform.y == transform.x, depth != nil || transform.z == .single,
      let plane = UnsafeBufferPointer(start: winograd.planes, count: winograd.plane_count)
        .first(where: { $0.points == transform.y.rawValue })
    else { return nil }
    return TileTransforms(plane: plane, depth: depth)
  }
}

/// The kernels that transform tiles along y and x, and along z where that needs any.
struct TileTransforms {
  let plane: tessera_winograd_plane
  let depth: tessera_winograd_depth?
}
