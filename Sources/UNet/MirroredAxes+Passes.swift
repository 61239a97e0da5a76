public import Kernels

extension MirroredAxes {
  /// The passes of nnU-Net's test-time mirroring, in its order: none, x, y, yx, z, zx, zy, zyx, without those that flip an
  /// axis not in `axes` (nnunet/network_architecture/neural_network.py, `_internal_maybe_mirror_and_pred_3D` and `_2D`).
  /// - Parameters:
  ///   - axes: the model's mirror axes, counted from the first spatial axis: 0 is z for a 3D network, y for a 2D one.
  ///     Empty for a single, unflipped pass.
  ///   - spatialAxes: 2 or 3.
  public static func passes(axes: [Int], spatialAxes: Int) -> [MirroredAxes] {
    (0..<1 << spatialAxes).compactMap { pass in
      let flipped = (0..<spatialAxes).filter { pass >> (spatialAxes - 1 - $0) & 1 == 1 }
      guard flipped.allSatisfy(axes.contains) else { return nil }
      let named = flipped.map { $0 + 3 - spatialAxes }
      return MirroredAxes(z: named.contains(0), y: named.contains(1), x: named.contains(2))
    }
  }
}
