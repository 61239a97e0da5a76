/// What a run of chaos has found.
public struct ChaosReport: Sendable, Encodable {
  public enum Verdict: String, Sendable, Encodable {
    case held, broken, skipped
  }

  public struct Row: Sendable, Encodable {
    public var row: Int
    public var fault: String
    public var verdict: Verdict
    public var seconds: Double
    public var findings: [Finding]
    /// Why it was skipped, or what kept it from being played to its end.
    public var remark: String?
  }

  public var seed: UInt64
  public var softwareVersion: String
  public var rows: [Row] = []

  public var isBroken: Bool { rows.contains { $0.verdict == .broken } }

  init(seed: UInt64, softwareVersion: String) {
    self.seed = seed
    self.softwareVersion = softwareVersion
  }
}
