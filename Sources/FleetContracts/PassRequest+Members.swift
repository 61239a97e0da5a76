public import Digests

extension PassRequest {
  /// A registered model that contributes to a run.
  public struct Member: Hashable, Sendable {
    public var model: ModelRecord
    /// Empty for all of the model's.
    public var folds: [String]
    public var weight: Double

    public init(model: ModelRecord, folds: [String] = [], weight: Double = 1) {
      self.model = model
      self.folds = folds
      self.weight = weight
    }
  }

  /// The passes of a run that averages `members`: a cascade's first stage goes before its second, and serves as a member too where it is one.
  /// - Parameter lowResolution: a label map in the store that takes the place of every first stage.
  /// - Throws: `PassRequestError` for members that don't belong together, or a cascade without a first stage.
  public static func passes(of members: [Member], lowResolution: Digest? = nil) throws -> [PassRequest] {
    guard let first = members.first else { throw PassRequestError.noMember }
    for member in members {
      guard member.weight.isFinite, member.weight > 0 else { throw PassRequestError.weight(member.weight) }
      guard member.model.channels == first.model.channels,
        member.model.labels.map(\.label) == first.model.labels.map(\.label)
      else { throw PassRequestError.mismatch(first.model.name, member.model.name) }
    }
    guard Set(members.map(\.model.digest)).count == members.count else { throw PassRequestError.twice }

    var passes: [PassRequest] = []
    // First stages come first, so that a pass refers to earlier ones only.
    let cascades = members.filter { $0.model.needsPrevious }
    let others = members.filter { !$0.model.needsPrevious }
    for member in others {
      passes.append(PassRequest(model: member.model.digest, folds: member.folds, weight: member.weight))
    }
    for member in cascades {
      var pass = PassRequest(model: member.model.digest, folds: member.folds, weight: member.weight)
      if let lowResolution {
        pass.previous = .image(lowResolution)
      } else {
        guard let stage = member.model.previous else { throw PassRequestError.noFirstStage(member.model.name) }
        let wanted = PassRequest(model: stage, folds: member.folds, weight: 0)
        if let position = passes.firstIndex(where: { $0.model == wanted.model && $0.folds == wanted.folds }) {
          pass.previous = .pass(position)
        } else {
          passes.append(wanted)
          pass.previous = .pass(passes.count - 1)
        }
      }
      passes.append(pass)
    }
    guard lowResolution == nil || !cascades.isEmpty else { throw PassRequestError.noCascade }
    return passes
  }
}

extension PassRequest {
  /// Refuses passes that can't be worked through in order: what every ledger checks before it takes a submission.
  /// - Returns: the last pass, whose end is the run's.
  /// - Throws: `PassRequestError`.
  @discardableResult
  public static func check(_ passes: [PassRequest]) throws -> PassRequest {
    guard let last = passes.last else { throw PassRequestError.noMember }
    guard last.isMember else { throw PassRequestError.lastServesNobody }
    for (position, pass) in passes.enumerated() {
      guard pass.weight.isFinite, pass.weight >= 0 else { throw PassRequestError.weight(pass.weight) }
      if case .pass(let earlier) = pass.previous, !(0..<position).contains(earlier) {
        throw PassRequestError.order(position: position, previous: earlier)
      }
    }
    return last
  }
}

/// Models that can't make a run together.
public enum PassRequestError: Error, Hashable, CustomStringConvertible {
  case noMember
  case weight(Double)
  case mismatch(String, String)
  case twice
  case noFirstStage(String)
  case noCascade
  case lastServesNobody
  case order(position: Int, previous: Int)

  public var description: String {
    switch self {
    case .noMember: "A run needs at least one model."
    case .weight(let weight): "The weight of an ensemble's member must be a number above 0, it is \(weight)."
    case .mismatch(let first, let second):
      "The models \(first) and \(second) can't be averaged: they need different channels or find different labels."
    case .twice: "An ensemble names one model twice; give its weight instead."
    case .noFirstStage(let name):
      "The model \(name) is a cascade's second stage: register it with its first (`tessera model add DIR --lowres DIR`), or give "
        + "the first stage's label map (--lowres_segmentations)."
    case .noCascade: "A segmentation of low resolution was given, but none of the models is a cascade's second stage."
    case .lastServesNobody: "The last pass of a run must be part of its result, but its weight is 0."
    case .order(let position, let previous):
      "The pass \(position) can't follow the pass \(previous): a first stage must come before its second."
    }
  }
}
