internal import FleetContracts
internal import Foundation
internal import NiftiIO
internal import Pictures
internal import Reports
internal import RunPictures

/// Segments cases one after the other; a bad one doesn't stop the others.
struct CasePredictor {
  let fleet: LocalFleet
  let outputFolder: URL
  let threads: Int
  let options: RunOptions
  /// A `postprocessing.json` that takes the place of the model's.
  let rules: Blob?
  /// Holds CASE.nii.gz for each case, where a cascade's first stage isn't to be predicted.
  let lowResolutionFolder: URL?
  let overwrites: Bool
  let pictures: PictureOptions

  /// - Throws: `ExitCodes.data` after all cases when some failed; `InputError` when the output folder can't be made.
  func predict(_ input: InputCases, json: Bool) async throws {
    do {
      try FileManager.default.createDirectory(at: outputFolder, withIntermediateDirectories: true)
    } catch {
      throw InputError(
        "The output folder \(outputFolder.path) can't be made: \(error.localizedDescription) Name one by -o that can be written."
      )
    }
    var reports: [CaseReport] = []
    var failures = input.unusable
    for failure in failures { Output.note("\(failure.name): \(failure.reason)") }
    for input in input.cases {
      let files = CaseFiles(folder: outputFolder, name: input.name)
      if !overwrites, files.areComplete(withProbabilities: options.savesProbabilities) {
        Output.note(
          "\(input.name): skipped, \(files.labelMap.lastPathComponent) is there (--overwrite_existing segments it again)"
        )
        continue
      }
      do {
        let report = try await predict(input, files: files)
        reports.append(report)
        if !json { show(report, files: files) }
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        let reason = (error as? RunFailure)?.reason ?? "\(error)"
        failures.append((input.name, reason))
        Output.note("\(input.name): \(reason)")
      }
    }
    if json { try Output.json(reports) }
    guard failures.isEmpty else {
      let names = failures.map(\.name).sorted().joined(separator: ", ")
      Output.note("\(failures.count) of \(input.cases.count + input.unusable.count) cases failed: \(names)")
      throw ExitCodes.data
    }
  }

  private func predict(_ input: InputCase, files: CaseFiles) async throws -> CaseReport {
    let progress = ProgressLine(title: input.name)
    defer { progress.finish() }
    return try await fleet.segment(
      input.channels, lowResolution: lowResolutionFolder.map { CaseFiles(folder: $0, name: input.name).labelMap },
      options: options, rules: rules
    ) { run in
      let models = run.passes.count > 1 ? "model \(run.position + 1) of \(run.passes.count), " : ""
      progress.show(step: models + run.state.rawValue, done: run.acceptedTiles, total: run.plannedTiles)
    } finish: { run, outcome, store in
      if let probabilities = outcome.probabilities, let properties = outcome.properties {
        try await store.get(properties).withBytes { try CaseFiles.write($0, to: files.properties) }
        try await store.get(probabilities).withBytes { try CaseFiles.write($0, to: files.probabilities) }
      }
      try await keepFirstStages(of: run, name: input.name, store: store)
      let labelMap = try await store.get(outcome.labelMap)
      try writePictures(of: input, labelMap: labelMap, run: run, outcome: outcome, files: files)
      // The last step that takes memory is over, so the report tells the peak of all.
      let report = CaseReport(
        case: input, models: fleet.records.map { ($0, fleet.engine(of: $0.digest)) }, run: run, outcome: outcome,
        threads: threads)
      try Output.encoder.encode(report).withUnsafeBytes { try CaseFiles.write($0, to: files.report) }
      try labelMap.withBytes { try CaseFiles.write($0, to: files.labelMap) }
      return report
    }
  }

  /// What a cascade's first stage found, where nnU-Net leaves it too.
  private func keepFirstStages(of run: RunRecord, name: String, store: any BlobStore) async throws {
    for pass in run.passes where !pass.request.isMember {
      guard let labelMap = pass.outcome?.labelMap else { continue }
      let folder = outputFolder.appending(path: "3d_lowres_predictions")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let file = CaseFiles(folder: folder, name: name).labelMap
      try await store.get(labelMap).withBytes { try CaseFiles.write($0, to: file) }
    }
  }

  /// The label map on the first channel: as a picture, and as a mosaic and a report where asked for.
  private func writePictures(
    of input: InputCase, labelMap: Blob, run: RunRecord, outcome: RunOutcome, files: CaseFiles
  ) throws {
    let image = try MedicalImage.load(input.channels[0])
    let slices = try Slices(
      image: image.voxels, labels: try LabelMap(file: labelMap.copy).labels, spacing: image.spacing,
      orientation: image.geometry.orientation)
    let names = Dictionary(outcome.labels.map { ($0.label, $0.name) }, uniquingKeysWith: { first, _ in first })
    let overlay = try slices.overlay(names: names, title: input.name, window: pictures.window)
    try overlay.png().withUnsafeBytes { try CaseFiles.write($0, to: files.picture) }
    if pictures.wantsMosaic {
      try overlay.mosaic().withUnsafeBytes { try CaseFiles.write($0, to: files.mosaic) }
    }
    if pictures.wantsReport {
      let facts = ReportFacts(run: run, outcome: outcome, more: [ReportFacts.Fact("Compute threads", "\(threads)")])
      let page = HTMLReport(facts: facts, slices: slices, window: pictures.window)
      try page.html().withUnsafeBytes { try CaseFiles.write($0, to: files.page) }
    }
  }

  private func show(_ report: CaseReport, files: CaseFiles) {
    let seconds = report.timings.reduce(0) { $0 + $1.seconds }
    Output.line(
      "\(report.name): \(report.tiles) tiles in \(Formats.seconds(seconds)) by \(report.engine), \(files.labelMap.path)"
    )
    for chosen in fleet.records.compactMap({ fleet.engine(of: $0.digest) }) where chosen.isFallback {
      Output.note("\(report.name): computed by \(chosen.engine), because \(chosen.reason)")
    }
    Output.line(
      RunRendering.labelTable(
        report.labels.map { LabelMeasurement(label: $0.label, name: $0.name, voxels: $0.voxels, volume: $0.volumeMl) }))
  }
}
