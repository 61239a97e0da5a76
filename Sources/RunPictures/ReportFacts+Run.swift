public import FleetContracts
internal import Foundation
public import Reports

extension ReportFacts {
  /// What the ledger knows of a completed run.
  /// - Parameters:
  ///   - run: its models are named by digest, images too: file names may name patients.
  ///   - more: facts that only the caller knows, such as threads.
  public init(run: RunRecord, outcome: RunOutcome, more: [Fact] = []) {
    var facts = [
      Fact("Model", Self.words(run.model)),
      Fact("Engine and instruction set", outcome.engine),
      Fact("Software", "tessera \(outcome.softwareVersion)"),
      Fact("Mirroring", run.options.mirroring ? "yes" : "no"),
      Fact("Step size", "\(run.options.stepSize)"),
      Fact("Tiles", "\(run.plannedTiles)"),
      Fact("Postprocessing", Self.words(run.options.postprocessing)),
    ]
    facts += more
    facts.append(Fact("Run", run.id.description, isDigest: true))
    for (position, pass) in run.passes.enumerated() {
      let which = run.passes.count > 1 ? " of pass \(position + 1)" : ""
      facts.append(Fact("SHA-256 of the model\(which)", pass.request.model.hexadecimal, isDigest: true))
      if !pass.request.folds.isEmpty {
        facts.append(Fact("Folds\(which)", pass.request.folds.joined(separator: ", ")))
      }
    }
    for (channel, image) in run.images.enumerated() {
      let which = run.images.count > 1 ? " of channel \(channel)" : ""
      facts.append(Fact("SHA-256 of the image\(which)", image.hexadecimal, isDigest: true))
    }
    facts.append(Fact("SHA-256 of the label map", outcome.labelMap.hexadecimal, isDigest: true))
    facts.append(Fact("SHA-256 of the label voxels", outcome.labelVoxels.hexadecimal, isDigest: true))
    if let trace = run.trace { facts.append(Fact("Trace", trace.traceID, isDigest: true)) }
    let passes = run.passes.count
    self.init(
      title: run.model.name, date: run.finishedAt.map(Self.words) ?? "",
      labels: outcome.labels.map { Label(label: $0.label, name: $0.name, voxels: $0.voxels, volume: $0.volume) },
      timings: outcome.timings.map {
        Timing(step: passes > 1 ? "\($0.step), pass \($0.pass + 1)" : $0.step, seconds: $0.seconds)
      }, provenance: facts)
  }

  private static func words(_ model: ModelRecord) -> String {
    // A model that was never registered has its configuration for a name.
    let names = model.name == model.configuration ? [model.name] : [model.name, model.configuration]
    return (names + [model.trainer]).joined(separator: ", ")
  }

  private static func words(_ choice: PostprocessingChoice) -> String {
    switch choice {
    case .ofTheModel: "the model's, if it has some"
    case .none: "none"
    case .rules(let digest): "rules \(digest)"
    }
  }

  /// UTC, to the minute.
  private static func words(_ date: Date) -> String {
    let text = date.formatted(.iso8601)
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
  }
}
