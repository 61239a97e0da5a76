public import Foundation
public import ModelStore

/// A trained model with what its cross-validation left: `fold_N/validation_raw` and `gt_niftis`
/// (nnunet/training/network_training/nnUNetTrainer.py, `validate`).
public struct CrossValidatedModel: Sendable {
  public let configuration: ModelConfiguration
  /// What nnU-Net trained: `<configuration>/<task>/<trainer>__<plans>`.
  public let folder: URL
  /// Where results go: the folder itself, or its counterpart below another root.
  public let output: URL
  public let folds: [Int]
  /// nnU-Net's name of the folder with a fold's predictions for its own cases.
  public let validation: String

  public static let defaultValidation = "validation_raw"
  public static let defaultFolds = [0, 1, 2, 3, 4]

  /// - Parameter outputRoot: in the place of the folder that holds the configurations; `nil` for that folder itself.
  public init(
    configuration: ModelConfiguration, folder: URL, outputRoot: URL? = nil, folds: [Int] = defaultFolds,
    validation: String = defaultValidation
  ) {
    self.configuration = configuration
    self.folder = folder
    let path = folder.pathComponents.suffix(3)
    output = outputRoot.map { root in path.reduce(root) { $0.appending(path: $1) } } ?? folder
    self.folds = folds
    self.validation = validation
  }

  /// `TaskXXX_Name`.
  public var task: String { folder.deletingLastPathComponent().lastPathComponent }
  /// `<trainer>__<plans>`.
  public var trainerAndPlans: String { folder.lastPathComponent }
  /// The folder that holds the configurations of all tasks.
  public var root: URL {
    folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  }
  /// The references of all cases.
  public var references: URL { folder.appending(path: "gt_niftis") }

  func validation(fold: Int) -> URL { folder.appending(path: "fold_\(fold)").appending(path: validation) }

  /// - Throws: `ModelSelectionError` that names every fold without its validation.
  func checkFolds() throws {
    let missing = folds.filter { !FileManager.default.fileExists(atPath: validation(fold: $0).path) }
    guard missing.isEmpty, !folds.isEmpty else {
      throw ModelSelectionError(
        "Comparing \(configuration.rawValue) needs the validation of the folds \(list(folds)), but \(folder.path) lacks "
          + "\(missing.map { "fold_\($0)/\(validation)" }.joined(separator: ", ")); train them, or name the folds by -f."
      )
    }
  }

  private func list(_ folds: [Int]) -> String { folds.map(String.init).joined(separator: ", ") }
}
