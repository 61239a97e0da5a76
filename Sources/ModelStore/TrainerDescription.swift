internal import Foundation
internal import ModelPlans
internal import Pickles

/// What nnU-Net writes beside a checkpoint: the trainer's class, its arguments, and the plans (`<checkpoint>.model.pkl`).
struct TrainerDescription {
  var trainer: String
  var plans: PickleValue
  /// The trainer's argument `stage`: None for a model that has only one.
  var stageArgument: PickleValue

  /// Plans of a data set with a thousand cases take a few megabytes.
  static let sizeLimit = 64 << 20
  /// Place of `stage` among the arguments of a trainer; distributed ones have `local_rank` before it.
  private static func stageIndex(_ trainer: String) -> Int { trainer.contains("_DDP") ? 6 : 5 }

  /// - Throws: `ModelStoreError`.
  init(_ url: URL) throws(ModelStoreError) {
    let bytes = try InputFile.contents(of: url, limit: TrainerDescription.sizeLimit)
    let value: PickleValue
    do throws(PickleError) {
      value = try Pickle.load(bytes, policy: .plain)
    } catch {
      throw ModelStoreError(.damaged, "'\(url.path)' can't be read. \(error)")
    }
    guard let name = value["name"]?.text, let plans = value["plans"], let arguments = value["init"]?.elements,
      arguments.count > TrainerDescription.stageIndex(name)
    else {
      throw ModelStoreError(
        .damaged, "'\(url.path)' lacks the trainer's name, arguments or plans, which nnU-Net v1 writes there.")
    }
    trainer = name
    self.plans = plans
    stageArgument = arguments[TrainerDescription.stageIndex(name)]
  }

  /// The stage that the model was trained for (nnUNetTrainer.process_plans).
  func stage(of plans: Plans) throws(PlansError) -> Int {
    let available = plans.stages.keys.sorted()
    if stageArgument.isNone {
      guard let only = available.first, available.count == 1 else {
        throw .noStage(wanted: "None (legal with a single stage only)", available: available)
      }
      return only
    }
    guard let stage = stageArgument.int, plans.stages[stage] != nil else {
      throw .noStage(wanted: stageArgument.int.map { "\($0)" } ?? "of an unknown kind", available: available)
    }
    return stage
  }
}
