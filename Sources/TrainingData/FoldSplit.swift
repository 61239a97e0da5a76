public import Foundation
internal import Pickles

/// Which cases a fold trains on and which it validates on (nnUNetTrainerV2.do_split).
public enum FoldSplit {
  static let fileName = "splits_final.pkl"
  private static let seed = 12345
  private static let trainingShare = 0.8

  /// The split of one fold; `splits_final.pkl` is made where it isn't there yet, and then shared by all configurations.
  ///
  /// A fold beyond the file's is a random fifth, drawn from a seed, as in nnU-Net.
  /// - Parameters:
  ///   - fold: `nil` for `all`: every case trains and validates.
  ///   - cases: of the preprocessed stage.
  ///   - folder: `nnUNet_preprocessed/TASK`.
  /// - Throws: `TrainingDataError` for too few cases, a file that can't be used, or a case that isn't preprocessed.
  public static func of(fold: Int?, cases: [String], folder: URL) throws -> CrossValidationSplit {
    let names = cases.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    guard let fold else { return CrossValidationSplit(training: names, validation: names) }
    let splits = try stored(names, in: folder)
    let split = splits.indices.contains(fold) ? splits[fold] : random(fold, names)
    let known = Set(names)
    let missing = (split.training + split.validation).filter { !known.contains($0) }
    guard missing.isEmpty, !split.training.isEmpty, !split.validation.isEmpty else {
      throw TrainingDataError(
        "\(folder.appending(path: fileName).path) gives fold \(fold) "
          + (missing.isEmpty
            ? "no case to train on, or none to validate on"
            : "cases that aren't preprocessed: \(missing.prefix(5).joined(separator: ", "))")
          + "; preprocess the task again, or remove the file for a new split.")
    }
    return split
  }

  /// How many folds the split has; `splits_final.pkl` is made where it isn't there yet.
  /// - Throws: as `of`.
  public static func count(cases: [String], folder: URL) throws -> Int {
    try stored(cases.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }, in: folder).count
  }

  private static func stored(_ names: [String], in folder: URL) throws -> [CrossValidationSplit] {
    let file = folder.appending(path: fileName)
    if FileManager.default.fileExists(atPath: file.path) { return try read(file) }
    guard let folds = CrossValidationSplit.folds(of: names) else {
      throw TrainingDataError(
        "A cross-validation needs at least \(CrossValidationSplit.foldCount) cases, found \(names.count) in \(folder.path); add some, or "
          + "train the fold all.")
    }
    let value = PickleValue.list(
      folds.map { split in
        .named(
          [
            ("train", .list(split.training.map(PickleValue.string))),
            ("val", .list(split.validation.map(PickleValue.string))),
          ],
          isOrdered: true)
      })
    try Data(try PickleWriter.write(value)).write(to: file, options: .atomic)
    return folds
  }

  private static func read(_ file: URL) throws -> [CrossValidationSplit] {
    func invalid(_ why: String) -> TrainingDataError {
      TrainingDataError(
        "Reading \(file.path) failed because \(why); expected a list of {'train', 'val'} with case names. Remove it for a new split."
      )
    }
    let value: PickleValue
    do {
      value = try Pickle.load(Array(try Data(contentsOf: file)), policy: .plain)
    } catch {
      throw invalid("\(error)")
    }
    guard let entries = value.elements else { throw invalid("it isn't a list") }
    return try entries.map { entry in
      func names(_ key: String) throws -> [String] {
        guard let found = entry[key].flatMap(Self.names) else { throw invalid("an entry has no names under '\(key)'") }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      }
      return CrossValidationSplit(training: try names("train"), validation: try names("val"))
    }
  }

  private static func names(_ value: PickleValue) -> [String]? {
    guard let entries = value.elements else { return nil }
    let names = entries.compactMap(\.text)
    return names.count == entries.count ? names : nil
  }

  private static func random(_ fold: Int, _ names: [String]) -> CrossValidationSplit {
    var random = LegacyRandom(seed: UInt32(truncatingIfNeeded: seed + fold))
    let chosen = Set(random.permutation(names.count).prefix(Int(Double(names.count) * trainingShare)))
    return CrossValidationSplit(
      training: names.indices.filter { chosen.contains($0) }.map { names[$0] },
      validation: names.indices.filter { !chosen.contains($0) }.map { names[$0] })
  }
}
