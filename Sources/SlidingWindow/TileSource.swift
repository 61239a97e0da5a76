public import Volumes

/// Where a stitcher gets tiles from: a predictor that computes them, or a store that keeps what workers computed.
public protocol TileSource {
  /// The un-weighted class probabilities of a tile, `[class, z, y, x]` of the patch's extent, padding included.
  ///
  /// The stitcher asks for each tile once, in plan order, and has read the answer when it asks for the next: the memory may be
  /// reused and what lies behind the tile may be released then.
  func probabilities(of tile: TilePlan.Tile) throws -> ChannelVolume
}

/// Tiles that are predicted when the stitcher asks for them, so that never more than one is in memory.
public final class PredictedTiles<Predictor: PatchPredictor>: TileSource {
  private let extractor: PatchExtractor
  private let predictor: Predictor
  private let patch: ChannelVolume
  private let prediction: ChannelVolume
  private let willPredict: (TilePlan.Tile) throws -> Void

  /// - Parameter willPredict: called before each tile, to show progress or, by throwing, to stop.
  public init(
    extractor: PatchExtractor, predictor: Predictor, willPredict: @escaping (TilePlan.Tile) throws -> Void = { _ in }
  ) {
    self.extractor = extractor
    self.predictor = predictor
    self.willPredict = willPredict
    patch = ChannelVolume(channels: extractor.volume.channels, extent: extractor.plan.patch)
    prediction = ChannelVolume(channels: predictor.classes, extent: extractor.plan.patch)
  }

  public func probabilities(of tile: TilePlan.Tile) throws -> ChannelVolume {
    try willPredict(tile)
    extractor.extract(tile, into: patch)
    try predictor.predict(patch, into: prediction)
    return prediction
  }
}
