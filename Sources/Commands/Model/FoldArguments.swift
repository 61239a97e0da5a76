internal import ArgumentParser
internal import ModelStore

/// `-f 0 1 2` and `-f all`.
enum FoldArguments {
  /// - Throws: `ValidationError` for anything but numbers or the single word `all`.
  static func selection(_ folds: [String]) throws -> FoldSelection {
    if folds.isEmpty { return .automatic }
    if folds == ["all"] { return .all }
    return .list(
      try folds.map { text in
        let digits = text.hasPrefix("fold_") ? String(text.dropFirst("fold_".count)) : text
        guard let fold = Int(digits), fold >= 0 else {
          throw ValidationError("-f takes fold numbers, or the single word all; \(text) is neither.")
        }
        return fold
      })
  }
}
