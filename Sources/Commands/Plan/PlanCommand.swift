internal import ArgumentParser
internal import Foundation
internal import Kernels
internal import Planning
internal import TrainingData

/// `tessera plan`
struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Decides how networks for a folder of labelled images are to be trained, and preprocesses it.",
    discussion: """
      As nnUNet_plan_and_preprocess with the planners 3D v2.1 and 2D v2.1, and in its files, so that nnU-Net can train with them: images
      from nnUNet_raw_data_base/nnUNet_raw_data/TaskNNN_Name, cropped ones to nnUNet_cropped_data, plans and preprocessed ones to
      nnUNet_preprocessed. Cases that are cropped already are not cropped again.

        tessera plan -t 501 --verify_dataset_integrity
        tessera plan -t 501 --no_pp --explain              # only the plans, and why they came out as they did
        tessera plan -t 501 --base-features 8 --memory-target 2
      """)

  enum Dimensions: String, CaseIterable, ExpressibleByArgument {
    case two = "2d"
    case three = "3d"
  }

  @Option(
    name: [.customShort("t"), .customLong("task_ids"), .customLong("task-ids")], parsing: .upToNextOption,
    help: ArgumentHelp("Tasks, TaskNNN_Name or their numbers.", valueName: "task"))
  var tasks: [String]

  @Option(
    name: [.customShort("m"), .customLong("models")], parsing: .upToNextOption,
    help: ArgumentHelp("2d, 3d. Default: both.", valueName: "dimensions"))
  var dimensions: [Dimensions] = []

  @Flag(name: [.customLong("no_pp"), .customLong("no-preprocessing")], help: "Write plans only.")
  var plansOnly = false

  @Flag(
    name: [.customLong("verify_dataset_integrity"), .customLong("verify-dataset-integrity")],
    help: "First look for whatever is wrong with the dataset, and name all of it.")
  var verifies = false

  @Flag(help: "Say why depth, patch, batch and spacing came out as they did.")
  var explain = false

  @Option(
    name: .customLong("memory-target"),
    help: ArgumentHelp("Graphics memory that nnU-Net's planner aims at, in GB by its own measure.", valueName: "gb"))
  var memoryTarget = PlannerSettings.defaultMemoryTarget

  @Option(
    name: .customLong("base-features"), help: ArgumentHelp("Features of the network's first level.", valueName: "n"))
  var baseFeatures = 32

  @Option(
    help: ArgumentHelp(
      "A patch Z,Y,X (axes as planned: the coarsest first) instead of the one that fits.", valueName: "voxels"))
  var patch: String?

  @Option(
    name: [.customLong("overwrite_plans_identifier"), .customLong("plans-identifier")],
    help: ArgumentHelp("The first part of the plans' file names.", valueName: "name"))
  var identifier = "nnUNetPlansv2.1"

  @Option(help: ArgumentHelp("Threads. Default: all processors.", valueName: "n"))
  var threads: Int?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard !tasks.isEmpty else { throw ValidationError("-t needs a task.") }
    guard memoryTarget > 0, memoryTarget.isFinite else {
      throw ValidationError("--memory-target needs more than 0 GB.")
    }
    guard (1...1024).contains(baseFeatures) else {
      throw ValidationError("--base-features needs a number from 1 to 1024.")
    }
    guard threads.map({ $0 > 0 }) ?? true else { throw ValidationError("--threads needs a number above 0.") }
    _ = try fixedPatch()
  }

  func run() async throws {
    try await Failures.reported {
      let folders = NnunetFolders()
      let (raw, cropped, preprocessed) = (try folders.raw, try folders.cropped, try folders.preprocessed)
      let pool = ComputePool(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
      let planner = ExperimentPlanner(
        settings: PlannerSettings(baseFeatures: baseFeatures, memoryTarget: memoryTarget, patch: try fixedPatch()))
      var reports: [PlanReport] = []
      for task in tasks {
        let dataset = try RawDataset(folder: raw.appending(path: try folders.rawTask(task)))
        if verifies { try verify(dataset, pool: pool) }
        let planning = DatasetPlanning(dataset, cropped: cropped, preprocessed: preprocessed, pool: pool) {
          Output.note("\(dataset.task): \($0)")
        }
        let fingerprint = try planning.fingerprint()
        let plans = try (dimensions.isEmpty ? Dimensions.allCases.reversed() : dimensions).map {
          try planner.plan(fingerprint, dimensions: $0 == .two ? .two : .three)
        }
        for plan in plans {
          let file = try planning.write(plan, identifier: identifier)
          if json { reports.append(PlanReport(plan, file: file)) } else { show(plan, file: file) }
        }
        if !plansOnly { try planning.preprocess(plans) }
      }
      if json { try Output.json(reports) }
    }
  }

  private func verify(_ dataset: RawDataset, pool: ComputePool) throws {
    let problems = DatasetIntegrity.problems(of: dataset, pool: pool)
    guard !problems.isEmpty else { return Output.note("\(dataset.task): nothing is wrong with the dataset") }
    throw TrainingDataError(
      "\(dataset.task) can't be used as it is:\n" + problems.map { "  \($0)" }.joined(separator: "\n"))
  }

  private func show(_ plan: ExperimentPlan, file: URL) {
    Output.line("\(file.path)")
    var table = TextTable([
      ("configuration", .left), ("patch", .right), ("batch", .right), ("spacing mm", .right), ("median voxels", .right),
      ("halvings", .right),
    ])
    for (index, stage) in plan.stages.enumerated() {
      table.add([
        plan.configuration(ofStage: index), stage.patch.map(String.init).joined(separator: "x"), "\(stage.batchSize)",
        stage.currentSpacing.map { String(format: "%.4g", $0) }.joined(separator: "x"),
        stage.medianExtent.map(String.init).joined(separator: "x"),
        stage.poolings.map(String.init).joined(separator: ", "),
      ])
    }
    Output.line(table.rendered())
    guard explain else { return }
    for reason in plan.reasons { Output.line("- \(reason)") }
    for (index, stage) in plan.stages.enumerated() {
      Output.line("\(plan.configuration(ofStage: index)):")
      for reason in stage.reasons { Output.line("- \(reason)") }
    }
  }

  private func fixedPatch() throws -> [Int]? {
    guard let patch else { return nil }
    let lengths = patch.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard lengths.count == 3, lengths.allSatisfy({ (1...4096).contains($0) }) else {
      throw ValidationError("--patch needs three numbers of voxels, such as 64,128,128.")
    }
    return lengths
  }
}
