/// Bounds of what plans may ask for: far beyond any model of nnU-Net, and far below what overflows later.
enum PlansBounds {
  static let channels = 1...256
  /// Labels are written as bytes.
  static let classes = 1...255
  static let labels = 0...255
  static let features = 1...2048
  static let convolutions = 1...16
  static let poolings = 1...16
  /// Voxels along an axis of the patch.
  static let patchExtent = 1...8192
  /// Voxels of a patch: 2048 times those of nnU-Net's usual 128 x 128 x 128.
  static let patchVoxels = 1 << 32
  /// In mm.
  static let spacing = 1e-6...1e6
  static let splineOrder = 0...5
  static let stage = 0...15
}
