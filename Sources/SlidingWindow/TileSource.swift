public import Volumes

/// Where a stitcher gets tiles from: a store that keeps what workers computed, or a predictor that computes them.
public protocol TileSource {
  /// The un-weighted class probabilities of a tile, `[class, z, y, x]` of the patch's extent, padding included.
  ///
  /// The stitcher asks for each tile some planes at a time, in ascending order, and for the tiles of a block of planes in plan order.
  /// It has read the answer when it asks for the next: the memory may be reused then.
  /// - Parameter planes: the patch's planes that will be read.
  func probabilities(of tile: TilePlan.Tile, planes: Range<Int>) throws -> ChannelVolume

  /// The stitcher won't ask for this tile again.
  func release(_ tile: TilePlan.Tile)
}

/// Tiles that are predicted when the stitcher first asks for them, and kept until it has read their last plane.
public final class PredictedTiles<Predictor: PatchPredictor>: TileSource {
  private let extractor: PatchExtractor
  private let predictor: Predictor
  private let patch: ChannelVolume
  private var predictions: [Int: ChannelVolume] = [:]
  private let willPredict: (TilePlan.Tile) throws -> Void

  /// - Parameter willPredict: called before each tile, to show progress or, by throwing, to stop.
  public init(
    extractor: PatchExtractor, predictor: Predictor, willPredict: @escaping (TilePlan.Tile) throws -> Void = { _ in }
  ) {
    self.extractor = extractor
    self.predictor = predictor
    self.willPredict = willPredict
    patch = ChannelVolume(channels: extractor.channels, extent: extractor.plan.patch)
  }

  public func probabilities(of tile: TilePlan.Tile, planes: Range<Int>) throws -> ChannelVolume {
    if let prediction = predictions[tile.index] { return prediction }
    try willPredict(tile)
    extractor.extract(tile, into: patch)
    let prediction = ChannelVolume(channels: predictor.classes, extent: extractor.plan.patch)
    try predictor.predict(patch, into: prediction)
    predictions[tile.index] = prediction
    return prediction
  }

  public func release(_ tile: TilePlan.Tile) { predictions[tile.index] = nil }
}
