internal import ArgumentParser
internal import FleetContracts
internal import Foundation
internal import Pictures
internal import Reports
internal import RunPictures

/// `tessera report`
struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Writes a completed run's report: one HTML file with slices, volumes, timings and provenance.",
    discussion: """
      The file needs nothing but a browser, names no patient, and holds slices of the image: treat it as you treat the image. With --mosaic
      a PNG of evenly spaced slices is written beside it.

        tessera report 0195c0de-… -o report.html
        tessera report 0195c0de-… -o report.html --mosaic mosaic.png --window soft-tissue
      """)

  @Argument(help: "The run's identifier, as `tessera submit` printed it.", completion: .runs)
  var run: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The file; one that is there is replaced.", valueName: "file"),
    completion: .file())
  var output: String

  @Option(help: ArgumentHelp("Also write a mosaic of slices, as PNG.", valueName: "file"), completion: .file())
  var mosaic: String?

  @OptionGroup var shown: WindowOption

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    var run: RunID
    /// The file.
    var report: String
    var bytes: Int
    var mosaic: String?
  }

  func run() async throws {
    try await Failures.reported {
      guard let id = RunID(run) else {
        throw InputError("\(run) isn't a run's identifier; `tessera status` lists runs.")
      }
      let adapters = try await fleet.adapters(for: "report")
      let (ledger, store) = (try await adapters.ledger(), try adapters.store())
      guard let record = try await ledger.run(id) else {
        throw InputError("There is no run \(run); `tessera status` lists runs.")
      }
      await ledger.close()
      guard record.state == .completed, let outcome = record.outcome else {
        throw RunPictureError.notCompleted(id, record.state)
      }
      let slices = try await Slices.of(record, outcome: outcome, in: store)
      let page = HTMLReport(facts: ReportFacts(run: record, outcome: outcome), slices: slices, window: shown.window)
      let bytes = try page.html()
      try bytes.withUnsafeBytes { try CaseFiles.write($0, to: URL(filePath: output)) }
      if !json { Output.line("\(output) has the report, \(Formats.bytes(bytes.count)).") }
      let made = Report(run: id, report: output, bytes: bytes.count, mosaic: mosaic)
      guard let mosaic else {
        if json { try Output.json(made) }
        return
      }
      let names = Dictionary(outcome.labels.map { ($0.label, $0.name) }, uniquingKeysWith: { first, _ in first })
      let picture = try slices.overlay(names: names, title: record.model.name, window: shown.window).mosaic()
      try picture.withUnsafeBytes { try CaseFiles.write($0, to: URL(filePath: mosaic)) }
      if json { try Output.json(made) } else { Output.line("\(mosaic) has the mosaic.") }
    }
  }
}
