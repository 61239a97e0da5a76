/// The folds of a cross-validation (nnUNetTrainerV2.do_split: scikit-learn's KFold with five folds, shuffled with seed 12345).
public struct CrossValidationSplit: Hashable, Sendable {
  public static let foldCount = 5
  private static let seed: UInt32 = 12345

  /// Sorted.
  public var training: [String]
  /// Sorted.
  public var validation: [String]

  /// All folds of `cases`.
  /// - Returns: `nil` for fewer than five cases.
  public static func folds(of cases: [String]) -> [CrossValidationSplit]? {
    guard cases.count >= foldCount else { return nil }
    let names = cases.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var random = LegacyRandom(seed: seed)
    let order = random.permutation(names.count)
    var start = 0
    return (0..<foldCount).map { fold in
      let size = names.count / foldCount + (fold < names.count % foldCount ? 1 : 0)
      let chosen = Set(order[start..<start + size])
      start += size
      return CrossValidationSplit(
        training: names.indices.filter { !chosen.contains($0) }.map { names[$0] },
        validation: chosen.sorted().map { names[$0] })
    }
  }
}
