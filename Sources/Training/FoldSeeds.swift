internal import ModelStore
internal import RandomStreams

/// What a fold draws from: made from the training's one seed, so that the folds of a cross-validation, which become an ensemble, begin with
/// weights of their own and see batches of their own, as they do in nnU-Net.
struct FoldSeeds: Hashable {
  var weights: UInt64
  var batches: UInt64

  init(_ seed: UInt64, fold: FoldName) {
    let number = fold.number.map { UInt32($0) + 1 } ?? 0
    var random = RandomStream(seed: seed, name: SIMD3(number, 0, Self.purpose))
    weights = random.doubleWord()
    batches = random.doubleWord()
  }

  /// The third word of the name: the streams of weights have 0, those of batches their epoch.
  private static let purpose: UInt32 = .max
}
