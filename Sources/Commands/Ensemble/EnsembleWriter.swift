internal import Digests
internal import Foundation
internal import Inference
internal import Kernels
internal import NiftiIO

/// Writes the label maps of an ensemble of saved probabilities; a bad case doesn't stop the others.
struct EnsembleWriter: Sendable {
  let output: URL
  let postprocessing: PostprocessingFile?
  let weights: [Double]?
  let keepsMean: Bool
  let overwrites: Bool

  /// nnU-Net's name of the folder for label maps before postprocessing.
  private static let unprocessedFolder = "not_postprocessed"

  private enum Answer {
    /// With the SHA-256 of the label map's voxels.
    case written(Digest)
    case skipped
    case failed(String)
  }

  /// A case as `--json` prints it.
  private struct Report: Encodable {
    var name: String
    /// `written`, `skipped` or `failed`.
    var state: String
    var labelMap: String?
    /// Of the label map's voxels.
    var sha256: Digest?
    var reason: String?
  }

  /// Makes each case once, several at a time.
  /// - Throws: `ExitCodes.data` after all cases when some failed; `InputError` when the output folder can't be written.
  func write(_ cases: EnsembleCases, threads: Int, json: Bool) async throws {
    for folder in [output, unprocessed] {
      do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      } catch {
        throw InputError(
          "The output folder \(folder.path) can't be made: \(error.localizedDescription) Name one by -o that can be written."
        )
      }
    }
    try postprocessing?.copy(into: output)
    let concurrent = min(threads, cases.names.count)
    var failures: [String] = []
    var reports: [Report] = []
    await withTaskGroup(of: (String, Answer).self) { group in
      var waiting = cases.names.makeIterator()
      func startNext() {
        guard let name = waiting.next() else { return }
        group.addTask { (name, answer(name, cases.members(of: name), threads: max(1, threads / concurrent))) }
      }
      for _ in 0..<concurrent { startNext() }
      for await (name, answer) in group {
        switch answer {
        case .written(let digest):
          let path = files(name).labelMap.path
          reports.append(Report(name: name, state: "written", labelMap: path, sha256: digest))
          if !json { Output.line("\(name)  \(path)  SHA-256 of labels \(digest)") }
        case .skipped:
          reports.append(Report(name: name, state: "skipped", labelMap: files(name).labelMap.path))
          Output.note(
            "\(name): skipped, \(files(name).labelMap.lastPathComponent) is there (--overwrite_existing makes it again)"
          )
        case .failed(let reason):
          failures.append(name)
          reports.append(Report(name: name, state: "failed", reason: reason))
          Output.note("\(name): \(reason)")
        }
        startNext()
      }
    }
    if json { try Output.json(reports.sorted { $0.name < $1.name }) }
    guard failures.isEmpty else {
      Output.note(
        "\(failures.count) of \(cases.names.count) cases failed: \(failures.sorted().joined(separator: ", "))")
      throw ExitCodes.data
    }
  }

  private var unprocessed: URL {
    postprocessing == nil ? output : output.appending(path: Self.unprocessedFolder)
  }

  private func files(_ name: String) -> CaseFiles { CaseFiles(folder: output, name: name) }

  private func answer(_ name: String, _ members: [SavedPrediction], threads: Int) -> Answer {
    let before = CaseFiles(folder: unprocessed, name: name)
    if !overwrites, files(name).areComplete(withProbabilities: false), before.areComplete(withProbabilities: keepsMean)
    {
      return .skipped
    }
    do {
      return .written(try write(name, members, before: before, pool: ComputePool(threads: threads)))
    } catch {
      return .failed("\(error)")
    }
  }

  private func write(
    _ name: String, _ members: [SavedPrediction], before: CaseFiles, pool: ComputePool
  ) throws -> Digest {
    let made = try SavedEnsemble.merge(
      members, weights: weights, scratch: FileManager.default.temporaryDirectory, keepsMean: keepsMean, pool: pool)
    let geometry = try ImageGeometry(
      itkSpacing: made.properties.itkSpacing, origin: made.properties.itkOrigin, direction: made.properties.itkDirection
    )
    if let mean = made.mean {
      try made.properties.encoded().withUnsafeBytes { try CaseFiles.write($0, to: before.properties) }
      try SoftmaxArchive.write(mean, to: before.probabilities, pool: pool)
    }
    let map = LabelMap(labels: made.labels, geometry: geometry)
    try encoded(map, pool).withUnsafeBytes { try CaseFiles.write($0, to: before.labelMap) }
    if let postprocessing {
      try postprocessing.rules.apply(to: made.labels, spacing: geometry.spacing)
      try encoded(map, pool).withUnsafeBytes { try CaseFiles.write($0, to: files(name).labelMap) }
    }
    return withExtendedLifetime(made.labels) { Digest(of: UnsafeRawBufferPointer(made.labels.elements)) }
  }

  private func encoded(_ map: LabelMap, _ pool: ComputePool) throws -> [UInt8] {
    try map.encoded { count, body in pool.forEach(count) { item, _ in body(item) } }
  }
}
