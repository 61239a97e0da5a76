public import Foundation
internal import Pickles

/// nnU-Net's `.model.pkl` beside a checkpoint: by which class, with which arguments and plans a model is trained
/// (nnunet/training/network_training/nnUNetTrainer.py: save_checkpoint).
public struct TrainerFile: Sendable {
  /// nnU-Net's class.
  public var trainer: String
  /// The plans' file, the folder above the folds, and the task's folder of preprocessed data: as the constructor gets them.
  public var plansFile: String
  public var outputFolder: String
  public var datasetFolder: String
  public var fold: FoldName
  /// Whether the Dice of a batch is one number.
  public var batchDice: Bool
  public var stage: Int
  /// For a cascade's second stage, the class that trained its first one.
  public var previousTrainer: String?
  /// The plans' pickle, as it stands in their file.
  private let plans: PickleValue

  private static let module = "nnunet.training.network_training"

  /// - Parameter plansFile: read now.
  /// - Throws: `ModelStoreError`.
  public init(
    trainer: String, plansFile: URL, outputFolder: URL, datasetFolder: URL, fold: FoldName, batchDice: Bool, stage: Int,
    previousTrainer: String? = nil
  ) throws(ModelStoreError) {
    self.trainer = trainer
    self.plansFile = plansFile.path
    self.outputFolder = outputFolder.path
    self.datasetFolder = datasetFolder.path
    self.fold = fold
    self.batchDice = batchDice
    self.stage = stage
    self.previousTrainer = previousTrainer
    let bytes = try InputFile.contents(of: plansFile, limit: TrainerDescription.sizeLimit)
    do throws(PickleError) {
      plans = try Pickle.load(bytes, policy: .plain)
    } catch {
      throw ModelStoreError(.damaged, "'\(plansFile.path)' can't be read. \(error)")
    }
  }

  /// Writes the file whole or not at all.
  /// - Throws: `ModelStoreError.Code.unwritable`.
  public func write(to url: URL) throws(ModelStoreError) {
    do {
      try Data(try PickleWriter.write(pickle)).write(to: url, options: .atomic)
    } catch {
      throw ModelStoreError(.unwritable, "'\(url.path)' can't be written. \(error)")
    }
  }

  private var pickle: PickleValue {
    var arguments: [PickleValue] = [
      .string(plansFile), foldArgument, .string(outputFolder), .string(datasetFolder), .bool(batchDice), .int(stage),
      // unpack_data, deterministic
      .bool(true), .bool(false),
    ]
    if let previousTrainer { arguments.append(.string(previousTrainer)) }
    // fp16: a processor's float32 takes its place.
    arguments.append(.bool(false))
    return .named(
      [
        ("init", .tuple(arguments)), ("name", .string(trainer)),
        ("class", .string("<class '\(Self.module).\(trainer).\(trainer)'>")), ("plans", plans),
      ], isOrdered: true)
  }

  private var foldArgument: PickleValue { fold.number.map { .int($0) } ?? .string(fold.folder) }
}
