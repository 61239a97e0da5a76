internal import ArgumentParser
internal import Foundation
internal import Kernels
internal import TrainingData

/// `tessera convert-decathlon`
struct ConvertDecathlonCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert-decathlon",
    abstract: "Makes a task in nnU-Net's layout of one of the Medical Segmentation Decathlon.",
    discussion: """
      As nnUNet_convert_decathlon_task: images with all channels in one file become one file for each channel, in
      nnUNet_raw_data_base/nnUNet_raw_data/TaskNNN_Name. Other than nnU-Net it deletes nothing: hidden files of the given folder are passed
      over, and a task that is there already is an error.

        tessera convert-decathlon -i Task04_Hippocampus
        tessera convert-decathlon -i Task04_Hippocampus --output_task_id 104
      """)

  @Option(
    name: [.customShort("i"), .customLong("input")],
    help: ArgumentHelp("The task's folder as it was downloaded, TaskNN_Name.", valueName: "dir"))
  var input: String

  @Option(
    name: [
      .customLong("output_task_id", withSingleDash: true), .customLong("output_task_id"), .customLong("output-task-id"),
    ],
    help: ArgumentHelp("The new task's number. Default: that of the folder.", valueName: "n"))
  var number: Int?

  @Flag(help: "Replace a task that is there already.")
  var overwrite = false

  @Option(name: [.customShort("p"), .long], help: ArgumentHelp("Threads. Default: all processors.", valueName: "n"))
  var threads: Int?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard number.map({ (0...999).contains($0) }) ?? true else {
      throw ValidationError("--output_task_id must be from 0 to 999.")
    }
    guard threads.map({ $0 > 0 }) ?? true else { throw ValidationError("--threads needs a number above 0.") }
  }

  func run() async throws {
    try await Failures.reported {
      let conversion = try DecathlonConversion(of: URL(filePath: input), number: number)
      let made = try conversion.run(
        to: NnunetFolders().raw, overwrites: overwrite,
        pool: ComputePool(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
      ) { Output.note("\(conversion.task): \($0)") }
      if json { try Output.json(["task": conversion.task, "folder": made.path]) } else { Output.line(made.path) }
    }
  }
}
