internal import ArgumentParser
internal import Digests
internal import Fleet
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

      Several models make an ensemble. A cascade is registered with its first stage (`tessera model add --lowres`), which then runs first.

        tessera submit brain.nii.gz --model brain --key study-4711 --wait
        tessera submit brain.nii.gz --model brain-2d --model brain-3d -pp postprocessing.json
        tessera submit brain.nii.gz --model brain --class stat --tenant emergency --deadline 30m
      """)

  @Argument(
    help: ArgumentHelp("The image, or the images of all channels in order.", valueName: "image"), completion: .file())
  var images: [String]

  @Option(
    name: .customLong("model"),
    help: ArgumentHelp(
      "The model's name (`tessera model list`); given more than once: an ensemble.", valueName: "name"),
    completion: .models)
  var models: [String]

  @Option(
    name: .customLong("weight"),
    help: ArgumentHelp("The weight of a model in the ensemble, once for each. Default: all equal.", valueName: "number")
  )
  var weights: [Double] = []

  @Option(
    name: [.customShort("l"), .customLong("lowres_segmentation"), .customLong("lowres-segmentation")],
    help: ArgumentHelp(
      "For a cascade: the label map of its first stage, instead of predicting it.", valueName: "image"),
    completion: .file())
  var lowResolution: String?

  @Option(help: "Your idempotency key: unique for each study of a tenant.")
  var key: String?

  @OptionGroup var urgency: UrgencyOptions

  @Option(
    help: ArgumentHelp(
      "The trace that the study belongs to, by W3C's Trace Context (TRACEPARENT). Default: a new one.",
      valueName: "00-…-…-01"), transform: SubmissionTrace.given)
  var traceparent: TraceContext?

  @Option(
    name: [.customShort("f"), .customLong("folds")], parsing: .upToNextOption,
    help: "Folds to average: numbers, or all. Default: all that were registered.")
  var folds: [String] = []

  @OptionGroup var apply: ApplyOptions

  @OptionGroup var postprocessing: PostprocessingOptions

  @Flag(help: "Wait for the run's end and print its labels.")
  var wait = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  func validate() throws {
    guard !images.isEmpty else { throw ValidationError("Name the image to submit.") }
    guard !models.isEmpty else { throw ValidationError("Name the model by --model.") }
    guard weights.isEmpty || weights.count == models.count else {
      throw ValidationError(
        "--weight must be given once for each --model: \(models.count) times, not \(weights.count).")
    }
  }

  func run() async throws {
    try await Failures.reported {
      let settings = try await FleetSettings.read(flags: fleet.flags, file: fleet.configuration)
      let logger = FleetLogging.logger("submit")
      try FaultSettings.arm(logger: logger)
      let adapters = FleetAdapters(settings: settings, logger: logger)
      let (ledger, store) = (try await adapters.ledger(), try adapters.store())
      let folds = folds.map { $0 == "all" || $0.hasPrefix("fold_") ? $0 : "fold_\($0)" }
      var members: [PassRequest.Member] = []
      for (index, name) in models.enumerated() {
        guard let record = try await ledger.model(named: name) else { throw LedgerError.unknownModel(name) }
        guard images.count == record.channels else {
          throw InputError(
            "The model \(name) needs \(record.channels) image(s), one for each channel; \(images.count) were given.")
        }
        members.append(
          PassRequest.Member(model: record, folds: folds, weight: weights.isEmpty ? 1 : weights[index]))
      }
      try await settings.storeReserve.check(store)
      var digests: [Digest] = []
      for path in images { digests.append(try await store.put(try ImageFile.checked(URL(filePath: path)))) }
      var previous: Digest?
      if let lowResolution {
        previous = try await store.put(try ImageFile.checked(URL(filePath: lowResolution)))
      }
      var options = RunOptions(
        mirroring: !apply.disablesMirroring, stepSize: apply.stepSize, savesProbabilities: apply.savesProbabilities,
        postprocessing: postprocessing.isDisabled ? .none : .ofTheModel)
      if let rules = try postprocessing.rules() { options.postprocessing = .rules(try await store.put(rules)) }
      let receipt = try await ledger.submit(
        Submission(
          images: digests, passes: try PassRequest.passes(of: members, lowResolution: previous), options: options,
          key: key, runClass: urgency.runClass, tenant: urgency.tenant, deadline: urgency.deadline?.date,
          trace: traceparent ?? SubmissionTrace.ofEnvironment()))
      try await FaultPoint.submitCommitted.passed()
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
      if run.state != .completed { throw ExitCodes.failed }
    }
  }
}
