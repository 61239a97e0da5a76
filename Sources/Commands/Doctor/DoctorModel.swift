internal import Fleet
internal import Foundation
internal import Inference
internal import ModelStore
internal import UNet

/// What a model will be computed with, and in how much memory.
struct DoctorModel: Encodable {
  /// An engine that may compute it, and what it takes.
  struct Candidate: Encodable {
    var engine: String
    var reason: String
    /// Of one fold, and of all that were named.
    var weightBytes: Int
    var allWeightBytes: Int
    /// Activations and scratch of a slot.
    var workspaceBytes: Int
    /// Weights of all folds and workspace: what a slot's network takes.
    var networkBytes: Int
  }

  var configuration: String
  var trainer: String
  var folds: [String]
  var patch: [Int]
  /// In the order in which they are tried.
  var candidates: [Candidate]
  /// The first one whose network fits into the limit; `nil` where none does.
  var chosen: Candidate?
  /// Bytes that the process may use.
  var limit: Int?

  /// - Throws: errors of `ModelStore`, `EngineRequestError`, `NetworkExecutionError`.
  init(_ model: TrainedModel, request: EngineRequest, threads: Int, limit: Int?) throws {
    configuration = model.configuration.rawValue
    trainer = model.trainerName
    folds = model.folds.map(\.folder)
    patch = model.network.patch
    candidates = try NetworkEngine.candidates(request, description: model.network).map { engine in
      Candidate(
        engine: engine.identity.description, reason: engine.reason, weightBytes: try engine.weightBytes(),
        allWeightBytes: try engine.weightBytes() * model.folds.count,
        workspaceBytes: try engine.workspaceBytes(threads: threads),
        networkBytes: try engine.bytes(folds: model.folds.count, threads: threads))
    }
    self.limit = limit
    chosen = candidates.first { candidate in limit.map { candidate.networkBytes <= $0 } ?? true }
  }

  var lines: [(title: String, text: String)] {
    let size = patch.map(String.init).joined(separator: "x")
    return [("model", "\(configuration), \(trainer), patch \(size), \(folds.joined(separator: ", "))")]
      + candidates.map { candidate in
        let mark = candidate.engine == chosen?.engine ? "used" : "not used"
        return (
          "model",
          "\(candidate.engine) (\(mark)): weights \(Formats.bytes(candidate.weightBytes)) a fold, workspace "
            + "\(Formats.bytes(candidate.workspaceBytes)), network of a slot \(Formats.bytes(candidate.networkBytes))"
        )
      }
      + (chosen.map { [("model", "\($0.engine) is used, because \($0.reason)")] } ?? [])
  }

  /// What can't work.
  var problems: [String] {
    guard chosen == nil, let limit, let least = candidates.min(by: { $0.networkBytes < $1.networkBytes }) else {
      return []
    }
    return [
      "The network of \(configuration) needs \(Formats.bytes(least.networkBytes)) in a slot with \(least.engine), but only "
        + "\(Formats.bytes(limit)) may be used; name fewer folds, or use a machine with more memory."
    ]
  }
}
