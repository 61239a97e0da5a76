public import Foundation
internal import NiftiIO
public import Postprocessing

/// Postprocessing of label maps in files (nnunet/postprocessing/connected_components.py, `apply_postprocessing_to_folder`).
public enum FolderPostprocessing {
  /// One map's way.
  public struct Job: Sendable {
    public var name: String
    public var input: URL
    /// May be the input: it is replaced whole.
    public var output: URL

    public init(name: String, input: URL, output: URL) {
      self.name = name
      self.input = input
      self.output = output
    }
  }

  /// What became of a map.
  public struct Finding: Sendable {
    public var name: String
    /// For each item of the rules, in order.
    public var outcomes: [PostprocessingRules.Outcome]
    /// mm³.
    public var voxelSize: Double

    public var removedComponents: Int { outcomes.reduce(0) { $0 + $1.removedComponents } }
    public var removedMillilitres: Double {
      Double(outcomes.reduce(0) { $0 + $1.removedVoxels }) * voxelSize / 1000
    }
  }

  /// Applies `rules` to each map and writes it with the geometry of its input: under another name first, then renamed.
  /// - Parameter threads: maps at a time.
  public static func apply(
    _ rules: PostprocessingRules, to jobs: [Job], threads: Int
  ) -> (findings: [Finding], failed: [FailedCase]) {
    var findings: [Finding] = []
    var failed: [FailedCase] = []
    let results = ConcurrentCases.map(jobs, threads: threads) { job, _ in
      let map = try LabelMap.load(job.input)
      let spacing = map.geometry.spacing
      let outcomes = try rules.apply(to: map.labels, spacing: spacing)
      try map.write(to: job.output)
      return Finding(name: job.name, outcomes: outcomes, voxelSize: spacing.x * spacing.y * spacing.z)
    }
    for (job, result) in zip(jobs, results) {
      switch result {
      case .success(let finding): findings.append(finding)
      case .failure(let error): failed.append(FailedCase(name: job.name, reason: "\(error)"))
      }
    }
    return (findings, failed)
  }
}
