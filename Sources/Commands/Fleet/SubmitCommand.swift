internal import ArgumentParser
internal import Digests
internal import FleetContracts
internal import Foundation

/// `tessera submit`
struct SubmitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Hands a study to the fleet.",
    discussion: """
      The image goes into the blob store and a run into the ledger. With a key of your own you may submit again after any failure: the
      same key with the same study answers the run that exists.

        tessera submit brain.nii.gz --model brain --key study-4711 --wait
      """)

  @Argument(help: ArgumentHelp("The image, or the images of all channels in order.", valueName: "image"))
  var images: [String]

  @Option(help: "The model's name (`tessera model list`).")
  var model: String

  @Option(help: "Your idempotency key: unique for each study.")
  var key: String?

  @Option(
    name: [.customShort("f"), .customLong("folds")], parsing: .upToNextOption,
    help: "Folds to average: numbers, or all. Default: all that were registered.")
  var folds: [String] = []

  @OptionGroup var apply: ApplyOptions

  @Flag(help: "Wait for the run's end and print its labels.")
  var wait = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var fleet: FleetOptions

  func validate() throws {
    guard !images.isEmpty else { throw ValidationError("Name the image to submit.") }
  }

  func run() async throws {
    try await Failures.reported {
      let settings = try await FleetSettings.read(flags: fleet.flags, file: fleet.configuration)
      let adapters = FleetAdapters(settings: settings, logger: FleetLogging.logger("submit"))
      let (ledger, store) = (try await adapters.ledger(), try adapters.store())
      guard let record = try await ledger.model(named: model) else { throw LedgerError.unknownModel(model) }
      guard images.count == record.channels else {
        throw InputError(
          "The model \(model) needs \(record.channels) image(s), one for each channel; \(images.count) were given.")
      }
      var digests: [Digest] = []
      for path in images { digests.append(try await store.put(try ImageFile.checked(URL(filePath: path)))) }
      let options = RunOptions(
        folds: folds.map { $0 == "all" || $0.hasPrefix("fold_") ? $0 : "fold_\($0)" },
        mirroring: !apply.disablesMirroring,
        stepSize: apply.stepSize, savesProbabilities: apply.savesProbabilities)
      let receipt = try await ledger.submit(
        Submission(images: digests, model: record.digest, options: options, key: key))
      guard wait else {
        if json {
          try Output.json(["run": receipt.run.description])
        } else {
          Output.line(receipt.isNew ? "run \(receipt.run)" : "run \(receipt.run) (submitted before)")
        }
        return
      }
      let progress = ProgressLine(title: "run \(receipt.run)")
      let run = try await RunWatcher(ledger: ledger, interval: .milliseconds(200)).end(of: receipt.run) {
        progress.show(step: $0.state.rawValue, done: $0.acceptedTiles, total: $0.plannedTiles)
      }
      progress.finish()
      try RunRendering.print(run, json: json)
      if run.state == .failed { throw ExitCodes.failed }
    }
  }
}
