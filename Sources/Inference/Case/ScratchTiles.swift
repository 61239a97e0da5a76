public import Foundation
internal import ScratchFiles
public import SlidingWindow
public import Volumes

/// Tiles that are predicted when the stitcher first asks for them, and kept in temporary files until it has read their last plane. So no more
/// of them is in memory than one tile that is being predicted, or the planes of one that are read; `PredictedTiles` keeps them in memory.
public final class ScratchTiles<Predictor: PatchPredictor>: TileSource {
  private let extractor: PatchExtractor
  private let predictor: Predictor
  private let patch: ChannelVolume
  private let folder: URL
  private var predictions: [Int: ScratchMapping] = [:]
  /// Of tiles that were read: all are of one size.
  private var spare: [ScratchMapping] = []
  /// What the stitcher reads.
  private var loaded: ScratchMapping?
  private let willPredict: (TilePlan.Tile) throws -> Void

  /// - Parameters:
  ///   - folder: where there is room for them.
  ///   - willPredict: called before each tile, to show progress or, by throwing, to stop.
  public init(
    extractor: PatchExtractor, predictor: Predictor, folder: URL,
    willPredict: @escaping (TilePlan.Tile) throws -> Void = { _ in }
  ) {
    self.extractor = extractor
    self.predictor = predictor
    self.folder = folder
    self.willPredict = willPredict
    patch = ChannelVolume(channels: extractor.channels, extent: extractor.plan.patch)
  }

  /// - Throws: `InferenceError.Code.unwritableFile` where there is no room, and what the predictor throws.
  public func probabilities(of tile: TilePlan.Tile, planes: Range<Int>) throws -> ChannelVolume {
    loaded?.unload()
    loaded = nil
    let kept = predictions[tile.index]
    let mapping = try kept ?? spare.popLast() ?? ScratchMapping.probabilities(bytes: bytes, in: folder)
    let probabilities = ChannelVolume(
      channels: predictor.classes, extent: extractor.plan.patch,
      storage: VoxelStorage(filling: mapping.bytes.bindMemory(to: Float.self), owner: mapping))
    if kept == nil {
      try willPredict(tile)
      extractor.extract(tile, into: patch)
      try predictor.predict(patch, into: probabilities)
      predictions[tile.index] = mapping
    }
    loaded = mapping
    return probabilities
  }

  public func release(_ tile: TilePlan.Tile) {
    if let mapping = predictions.removeValue(forKey: tile.index) { spare.append(mapping) }
  }

  private var bytes: Int { predictor.classes * extractor.plan.patch.count * MemoryLayout<Float>.stride }
}
