internal import Wording

/// Why plans or a trainer were refused; `description` is a whole sentence.
public enum PlansError: Error, Hashable, Sendable, CustomStringConvertible {
  /// An entry that inference needs isn't there.
  case missing(entry: String)
  /// An entry isn't what it must be.
  case invalid(entry: String, expected: String, found: String)
  /// The stage that the trainer names isn't in the plans.
  case noStage(wanted: String, available: [Int])
  /// A trainer of nnU-Net's whose network this version can't run.
  case unsupportedTrainer(name: String, reason: String)
  /// A trainer that nnU-Net 1.7.1 doesn't have.
  case unknownTrainer(name: String)

  public var description: String {
    switch self {
    case .missing(let entry):
      "The plans lack the entry '\(entry)', which nnU-Net v1 always writes; is this the model of another framework?"
    case .invalid(let entry, let expected, let found):
      "The plans' entry '\(entry)' should be \(expected), but is \(found.quotable(limit: 200))."
    case .noStage(let wanted, let available):
      "The model was trained for stage \(wanted), but its plans have the stages \(available)."
    case .unsupportedTrainer(let name, let reason):
      "The model was trained by '\(name.quotable())', which \(reason)."
    case .unknownTrainer(let name):
      "The model was trained by '\(name.quotable())', which isn't part of nnU-Net 1.7.1: its network, activation and mirroring are "
        + "decided by code that isn't in the model. If it only changes the training, nnUNet_change_trainer_class can rename "
        + "it to the trainer that it derives from, such as nnUNetTrainerV2, and --treat-as takes it for that one as it is."
    }
  }
}
