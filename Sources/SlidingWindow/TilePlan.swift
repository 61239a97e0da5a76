public import Volumes

/// Where the patches of a sliding window lie in a volume, and in which order they count.
///
///     let plan = try TilePlan(volume: Extent(z: 146, y: 176, x: 148), patch: Extent(z: 128, y: 128, x: 128), stepSize: 0.5)
///     plan.starts  // [[0, 18], [0, 48], [0, 20]]
///     plan.tileCount  // 8
///
/// A volume smaller than the patch is padded with zeros, half of them (rounded down) below. Tiles are numbered with z outermost
/// and x innermost; everything that adds tiles does it in this order, so a sum has the same bits wherever it is made.
///
/// The arithmetic is float64 with ties to even, as numpy's in nnunet/network_architecture/neural_network.py
/// (`_compute_steps_for_sliding_window`, `pad_nd_image`). All axes are in the network's (transposed) order.
public struct TilePlan: Hashable, Sendable {
  /// What slides: a 3D patch through the volume, or a 2D patch through each slice along axis 0, slices independent.
  public enum Window: String, Hashable, Sendable, Codable {
    case volume
    case slices
  }

  /// A patch's place in the plan.
  public struct Tile: Hashable, Sendable {
    /// The place in plan order, from 0.
    public let index: Int
    /// The patch's first voxel in the padded volume.
    public let start: Extent
  }

  /// More tiles than any real volume has; a plan that needs more comes from a mistaken step size.
  public static let maximumTiles = 1 << 22
  /// Voxels along one axis, so that no product of three overflows.
  private static let maximumLength = 1 << 20

  /// The preprocessed volume, without padding.
  public let volume: Extent
  /// What the network sees of it; z is 1 for `.slices`.
  public let patch: Extent
  /// The distance of neighbouring tiles as a part of the patch, in (0, 1].
  public let stepSize: Double
  public let window: Window
  /// The volume with its padding: along each axis the larger of volume and patch.
  public let padded: Extent
  /// Zeros before the volume's first voxel, along each axis; the others follow its last.
  public let paddingBelow: Extent
  /// First voxels of the tiles along z, y and x, ascending, in the padded volume.
  public let starts: [[Int]]

  /// - Throws: `SlidingWindowError.Code.impossiblePlan` for lengths below 1, a step size outside (0, 1], a patch for `.slices` that is
  ///   thicker than one plane, or more than `maximumTiles` tiles.
  public init(volume: Extent, patch: Extent, stepSize: Double = 0.5, window: Window = .volume) throws {
    for axis in 0..<3 {
      guard (1...Self.maximumLength).contains(volume[axis]), (1...Self.maximumLength).contains(patch[axis]) else {
        throw SlidingWindowError(
          .impossiblePlan,
          "Planning tiles needs a volume and a patch with 1 to \(Self.maximumLength) voxels along each axis, found volume "
            + "\(volume) and patch \(patch); check the image and the model's plans.")
      }
    }
    guard stepSize > 0, stepSize <= 1 else {
      throw SlidingWindowError(
        .impossiblePlan,
        "The step size is a part of the patch and must be above 0 and at most 1, found \(stepSize); nnU-Net's default is 0.5."
      )
    }
    guard window == .volume || patch.z == 1 else {
      throw SlidingWindowError(
        .impossiblePlan, "A 2D network's patch has one plane, found \(patch); check the model's plans.")
    }
    self.volume = volume
    self.patch = patch
    self.stepSize = stepSize
    self.window = window
    padded = Extent((0..<3).map { max(volume[$0], patch[$0]) })
    let padded = self.padded
    paddingBelow = Extent((0..<3).map { (padded[$0] - volume[$0]) / 2 })
    let counts = (0..<3).map { axis in
      window == .slices && axis == 0
        ? Double(volume.z) : Self.tileCount(length: padded[axis], patch: patch[axis], stepSize: stepSize)
    }
    guard counts.reduce(1, *) <= Double(Self.maximumTiles) else {
      throw SlidingWindowError(
        .impossiblePlan,
        "A step size of \(stepSize) cuts a volume of \(volume) voxels into more than \(Self.maximumTiles) tiles of \(patch); "
          + "choose a larger step size.")
    }
    starts = (0..<3).map { axis in
      window == .slices && axis == 0
        ? Array(0..<volume.z)
        : Self.starts(length: padded[axis], patch: patch[axis], count: Int(counts[axis]))
    }
  }

  public var tileCount: Int { starts[0].count * tilesPerRow }

  /// Tiles with the same start along z; they follow each other in plan order.
  var tilesPerRow: Int { starts[1].count * starts[2].count }

  /// Whether tiles are weighted with the importance map: only where there is more than one, in the volume or in each slice.
  public var isWeighted: Bool { window == .slices ? tilesPerRow > 1 : tileCount > 1 }

  /// The tile at `index`, which is in `0..<tileCount`.
  public func tile(_ index: Int) -> Tile {
    precondition((0..<tileCount).contains(index), "no such tile")
    let (row, inRow) = index.quotientAndRemainder(dividingBy: tilesPerRow)
    let (column, place) = inRow.quotientAndRemainder(dividingBy: starts[2].count)
    return Tile(index: index, start: Extent(z: starts[0][row], y: starts[1][column], x: starts[2][place]))
  }

  /// The part of a tile that lies in the volume, in the volume's voxels: a tile also covers padding.
  public func covered(by tile: Tile) -> VoxelBox {
    VoxelBox(
      lower: Extent((0..<3).map { max(0, tile.start[$0] - paddingBelow[$0]) }),
      upper: Extent((0..<3).map { min(volume[$0], tile.start[$0] - paddingBelow[$0] + patch[$0]) }))
  }

  private static func tileCount(length: Int, patch: Int, stepSize: Double) -> Double {
    (Double(length - patch) / (Double(patch) * stepSize)).rounded(.up) + 1
  }

  private static func starts(length: Int, patch: Int, count: Int) -> [Int] {
    guard count > 1 else { return [0] }
    let step = Double(length - patch) / Double(count - 1)
    return (0..<count).map { Int((step * Double($0)).rounded(.toNearestOrEven)) }
  }
}

extension TilePlan: Codable {
  private enum CodingKeys: String, CodingKey {
    case volume, patch, stepSize, window
  }

  /// Decodes what a plan is made from and makes it again, so a decoded plan is as consistent as any other.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      volume: container.decode(Extent.self, forKey: .volume), patch: container.decode(Extent.self, forKey: .patch),
      stepSize: container.decode(Double.self, forKey: .stepSize),
      window: container.decode(Window.self, forKey: .window))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(volume, forKey: .volume)
    try container.encode(patch, forKey: .patch)
    try container.encode(stepSize, forKey: .stepSize)
    try container.encode(window, forKey: .window)
  }
}
