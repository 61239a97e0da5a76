public import Foundation
public import LabelFolders

/// A configuration, or a pair of them, that could be used for new cases, with what its cross-validation says of it.
public struct Candidate: Sendable {
  public enum Kind: Sendable {
    case single(CrossValidatedModel)
    case pair(PairEnsemble)
  }

  public let kind: Kind
  /// Of the predictions without postprocessing, by which nnU-Net chooses.
  public let summary: Summary
  /// The postprocessing that was determined, where it was asked for.
  public let rulesFile: URL?

  /// As nnU-Net writes it: the configuration, or the pair's folder.
  public var name: String {
    switch kind {
    case .single(let model): model.configuration.rawValue
    case .pair(let pair): pair.name
    }
  }

  /// The mean over labels of the mean Dice over cases; NaN where a label has none.
  public var score: Double { summary.foregroundDice }

  /// The models that it uses.
  public var models: [CrossValidatedModel] {
    switch kind {
    case .single(let model): [model]
    case .pair(let pair): [pair.first, pair.second]
    }
  }
}
