/// A tensor of the winograd engine, as a view: `[channel / 16][z][y][x][16]`, so that one vector holds sixteen channels of a
/// voxel at every instruction set. Channels are padded to whole blocks with zeros. Its memory is the workspace's.
public struct BlockedTensor {
  public static let lanes = 16

  /// Blocks that `channels` fill.
  public static func blocks(_ channels: Int) -> Int { (channels + lanes - 1) / lanes }

  /// What still has to be done to the values by whoever reads them: instance normalisation and leaky ReLU cost no pass of their
  /// own, they happen while the next layer loads its input.
  public struct Pending {
    /// y = x * scale + shift, per padded channel.
    public var scale: UnsafePointer<Float>
    public var shift: UnsafePointer<Float>
    /// Then y > 0 ? y : slope * y.
    public var slope: Float

    public init(scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, slope: Float) {
      self.scale = scale
      self.shift = shift
      self.slope = slope
    }
  }

  /// Aligned to 64 bytes.
  public let base: UnsafeMutablePointer<Float>
  public let channels: Int
  /// `[z, y, x]`.
  public let extent: SIMD3<Int>
  /// From one block to the next; more than a block's own where others lie between.
  public let blockFloats: Int
  /// Planes that the memory holds at a time: all, but for a tensor that is made and read slab by slab. Plane z takes the place of plane
  /// z - `heldPlanes`.
  public let heldPlanes: Int
  public let pending: Pending?

  /// - Parameters:
  ///   - blockFloats: `nil` where blocks follow each other.
  ///   - heldPlanes: `nil` for all.
  public init(
    base: UnsafeMutablePointer<Float>, channels: Int, extent: SIMD3<Int>, blockFloats: Int? = nil,
    heldPlanes: Int? = nil, pending: Pending? = nil
  ) {
    self.base = base
    self.channels = channels
    self.extent = extent
    self.heldPlanes = heldPlanes ?? extent[0]
    self.blockFloats = blockFloats ?? self.heldPlanes * extent[1] * extent[2] * Self.lanes
    self.pending = pending
  }

  public var voxels: Int { extent[0] * extent[1] * extent[2] }
  public var blocks: Int { Self.blocks(channels) }
  /// Floats of a tensor.
  public static func floats(channels: Int, extent: SIMD3<Int>) -> Int {
    blocks(channels) * extent[0] * extent[1] * extent[2] * lanes
  }

  /// Where one block begins.
  @inline(__always)
  func block(_ index: Int) -> UnsafeMutablePointer<Float> { base + index * blockFloats }
}

/// One block of a layer's input, whichever tensor it belongs to: a concatenation is a list of these, nothing is copied.
struct InputBlock {
  let base: UnsafePointer<Float>
  /// Of the block's sixteen channels; `nil` when the values are read as they are.
  let scale: UnsafePointer<Float>?
  let shift: UnsafePointer<Float>?
  let slope: Float
  /// As its tensor's.
  let heldPlanes: Int

  static func list(_ tensors: [BlockedTensor]) -> [InputBlock] {
    tensors.flatMap { tensor in
      (0..<tensor.blocks).map { index in
        InputBlock(
          base: UnsafePointer(tensor.block(index)),
          scale: tensor.pending.map { $0.scale + index * BlockedTensor.lanes },
          shift: tensor.pending.map { $0.shift + index * BlockedTensor.lanes }, slope: tensor.pending?.slope ?? 1,
          heldPlanes: tensor.heldPlanes)
      }
    }
  }
}

/// The channels of a concatenation, each source padded to whole blocks.
struct BlockedChannels: Hashable, Sendable {
  /// Channels of each source.
  let sources: [Int]
  let blocks: Int
  /// The padded place of each channel.
  let places: [Int]

  init(_ sources: [Int]) {
    self.sources = sources
    var blocks = 0
    var places: [Int] = []
    for channels in sources {
      places += (0..<channels).map { blocks * BlockedTensor.lanes + $0 }
      blocks += BlockedTensor.blocks(channels)
    }
    self.blocks = blocks
    self.places = places
  }

  var padded: Int { blocks * BlockedTensor.lanes }
}
