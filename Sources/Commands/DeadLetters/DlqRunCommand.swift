internal import ArgumentParser
internal import BlobStores
internal import Digests
internal import Fleet
internal import FleetContracts
internal import Foundation

/// `tessera dlq run`
struct DlqRunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Computes the tile in a file of `tessera dlq repro`, alone and without any server.",
    discussion: """
      Prints the SHA-256 of the tile's probabilities, which two machines with one engine and instruction set must agree in; or the error
      that the workers had, with exit code 70.

        tessera dlq run tile.zip --engine winograd --isa avx2
      """)

  @Argument(help: "The file.", completion: .file())
  var file: String

  @Option(help: ArgumentHelp("Compute threads.", valueName: "n"))
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @OptionGroup var engine: EngineOptions

  @Flag(help: "Print JSON.")
  var json = false

  private struct Report: Encodable {
    var run: String
    var tile: Int
    var died: String
    var sha256: Digest?
    var bytes: Int?
    var engine: String?
    var inferSeconds: Double?
    var failureKind: String?
    var failure: String?
  }

  func validate() throws {
    guard (1...1024).contains(threads) else { throw ValidationError("--threads must be 1 to 1024.") }
  }

  func run() async throws {
    try await Failures.reported {
      guard FileManager.default.fileExists(atPath: file) else {
        throw InputError("There is no file \(file); `tessera dlq repro ID --output FILE` writes one.")
      }
      let scratch = try ScratchFolder()
      defer { withExtendedLifetime(scratch) {} }
      let folder = scratch.url
      let store = try FileBlobStore(root: folder.appending(path: "store").path)
      let repro: TileRepro
      do {
        repro = try await TileRepro.read(file, into: store)
      } catch let failure as RunFailure {
        throw InputError(failure.reason)
      }
      let slot = try SlotPredictor(
        store: store, models: ModelLibrary(store: store, cacheFolder: folder.appending(path: "models")),
        threads: threads, memory: MemoryBudget(engine: engine.request))
      var report = Report(run: repro.job.run.description, tile: repro.job.tile, died: repro.reason)
      do {
        let tile = try await repro.predict(with: slot)
        report.sha256 = tile.probabilities
        report.bytes = tile.bytes
        report.engine = tile.engine
        report.inferSeconds = tile.timings.infer
      } catch {
        let failure = RunFailure(error)
        report.failureKind = failure.kind.rawValue
        report.failure = failure.reason
      }
      try show(report)
      if report.failure != nil { throw ExitCodes.failed }
    }
  }

  private func show(_ report: Report) throws {
    if json { return try Output.json(report) }
    Output.line("tile     \(report.tile) of run \(report.run)")
    Output.line("died of  \(report.died)")
    if let digest = report.sha256, let seconds = report.inferSeconds {
      Output.line("now      it is computed, in \(Formats.seconds(seconds)) by \(report.engine ?? "")")
      Output.line("SHA-256 of the probabilities  \(digest)")
    } else if let failure = report.failure {
      Output.line("now      it fails (\(report.failureKind ?? "")): \(failure)")
    }
  }
}
