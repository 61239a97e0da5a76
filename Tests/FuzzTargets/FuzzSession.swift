/// Reads one file after the other, with a scratch folder for readers that want a path.
public final class FuzzSession {
  private let scratch: FuzzScratch

  public init() throws { scratch = try FuzzScratch() }

  /// What became of one file.
  public struct Report {
    /// Readers that took it.
    public var accepted: [String] = []
    /// Sentences of the readers that refused it.
    public var refusals: [String] = []
    /// What was wrong with readers or their sentences; empty for a program without faults.
    public var complaints: [String] = []
  }

  /// Lets every reader of `target` read `bytes`. Doesn't return if one of them traps or hangs.
  public func read(_ bytes: [UInt8], as target: FuzzTarget) -> Report {
    var report = Report()
    for reader in target.readers {
      do {
        try reader.read(bytes, scratch)
        report.accepted.append(reader.name)
      } catch let complaint as FuzzComplaint {
        report.complaints.append("\(reader.name): \(complaint.sentence)")
      } catch is FuzzMismatch {
        continue
      } catch {
        report.refusals.append("\(error)")
        if let reason = ErrorSentence.fault(of: error) { report.complaints.append("\(reader.name): \(reason)") }
      }
    }
    return report
  }
}
