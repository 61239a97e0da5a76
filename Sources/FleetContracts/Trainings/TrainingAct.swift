public import Foundation

/// What somebody has done with a training that was submitted. Kept for as long as the training.
public struct TrainingAct: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
    case cancel
    case retry
  }

  public var kind: Kind
  /// Who asked for it: a login's name, over HTTP the token's.
  public var askedBy: String
  /// The ledger's time.
  public var askedAt: Date
  /// Positions of the jobs that it has ended or taken up again; never empty, as what changes nothing isn't kept.
  public var jobs: [Int]

  public init(kind: Kind, askedBy: String, askedAt: Date, jobs: [Int]) {
    self.kind = kind
    self.askedBy = askedBy
    self.askedAt = askedAt
    self.jobs = jobs
  }
}
