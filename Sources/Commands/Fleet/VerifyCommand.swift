internal import ArgumentParser
internal import Fleet
internal import FleetContracts
internal import Foundation

/// `tessera verify`
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Computes parts of a completed run again and compares them, to the last bit.",
    discussion: """
      Checks that the run's rows still have the root that was written when it was completed, reads all its blobs, computes some of its tiles
      again with the engine that computed them, and, with --stitch, makes the label map and its measurements from the stored tiles. Nothing is
      changed. Exit code 70 when something differs. Where this machine lacks a tile's engine, other bits prove nothing, and the report says so.

        tessera verify 0195c0de-… --sample 5 --stitch
      """)

  @Argument(help: "The run's identifier, as `tessera submit` printed it.", completion: .runs)
  var run: String

  @Option(help: "How many tiles are computed again.")
  var sample = 5

  @Option(help: ArgumentHelp("Chooses the tiles: the same seed, the same tiles. Default: any.", valueName: "number"))
  var seed: UInt64?

  @Flag(help: "Make the label map from the tiles again, too.")
  var stitch = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions
  @OptionGroup(title: "Computing") var compute: ComputeOptions

  func validate() throws {
    guard sample >= 0 else { throw ValidationError("--sample is \(sample); it must be 0 or more.") }
  }

  func run() async throws {
    try await Failures.reported {
      guard let id = RunID(run) else {
        throw InputError("\(run) isn't a run's identifier; `tessera status` lists runs.")
      }
      let settings = try await FleetSettings.read(
        flags: fleet.flags.merging(compute.flags) { $1 }, file: fleet.configuration)
      let adapters = FleetAdapters(settings: settings, logger: FleetLogging.logger("verify"))
      let (ledger, store) = (try await adapters.ledger(), try adapters.store())
      guard let evidence = try await ledger.evidence(of: id) else {
        throw InputError("There is no run \(run); `tessera status` lists runs.")
      }
      guard evidence.run.state == .completed else {
        let state = evidence.run.state
        throw InputError(
          "The run \(run) is \(state.rawValue); only a completed run can be verified: "
            + (state.isFinal ? "this one has no result." : "wait for its end (`tessera status \(run)`)."))
      }
      guard !evidence.isWithoutTiles else {
        throw InputError(
          """
          The ledger has no tile results of run \(run) any more (`tessera retention` drops those of old months), so it can't be \
          verified. Its label map and measurements are as `tessera status \(run)` shows them.
          """)
      }
      let verifier = RunVerifier(
        store: store, models: ModelLibrary(store: store, cacheFolder: URL(filePath: settings.cacheFolder)),
        threads: settings.threads, softwareVersion: SoftwareVersion.current)
      let seed = seed ?? .random(in: 0..<1_000_000)
      let progress = ProgressLine(title: "verifying")
      let report = try await verifier.verify(evidence, sample: sample, seed: seed, stitches: stitch) {
        progress.show(step: $0, done: 0, total: 0)
      }
      progress.finish()
      if !report.findings.isEmpty, !evidence.isTrimmed, try await ledger.evidence(of: id)?.isTrimmed == true {
        await ledger.close()
        throw InputError("The run \(run) was trimmed by tessera clean meanwhile; verify it once more.")
      }
      try await ledger.note(
        verificationOf: id, tiles: report.tiles.count, stitched: report.stitchedPasses != nil,
        findings: report.findings, version: SoftwareVersion.current)
      await ledger.close()
      if json { try Output.json(report) } else { Self.show(report, seed: seed) }
      if !report.findings.isEmpty { throw ExitCodes.failed }
    }
  }

  private static func show(_ report: VerificationReport, seed: UInt64) {
    Output.line("run        \(report.run)")
    let written = report.recordedRoot.map { $0 == report.root ? "as it was written" : "\($0) was written" }
    Output.line("root       \(report.root), \(written ?? "none was written when the run was completed")")
    Output.line("blobs      \(report.blobs) are in the store and whole")
    if report.isTrimmed {
      Output.line("tiles      removed by tessera clean, as the run has been over for long; none can be computed again")
    } else {
      Output.line("tiles      \(report.tiles.count) computed again (seed \(seed))")
    }
    for tile in report.tiles {
      let engine = tile.engine == tile.engineHere ? tile.engine : "\(tile.engineHere) here, \(tile.engine) then"
      let verdict =
        switch tile.verdict {
        case .same: "same bits"
        case .differs: "DIFFERS"
        case .otherEngine: "other bits, as by another engine they may be: not comparable on this machine"
        }
      Output.line("           pass \(tile.pass) tile \(tile.tile)  \(engine)  \(verdict)")
    }
    if let passes = report.stitchedPasses { Output.line("stitch     \(passes) pass(es) stitched again") }
    for finding in report.findings { Output.line("FOUND      \(finding)") }
    if report.findings.isEmpty { Output.line("Everything that was looked at is as it was.") }
  }
}
