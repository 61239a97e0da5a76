public import Foundation

/// Plays rows of the chaos table, one after the other, and reports what held.
public struct ChaosRun {
  public struct Settings: Sendable {
    /// The `tessera` that is started.
    public var executable: URL
    /// The folder with the scripts that start servers.
    public var compose: URL
    /// Where data and logs go; removed in the end unless something broke.
    public var folder: URL
    public var seed: UInt64
    /// Settings of a fleet that exists (`TESSERA_AMQP_URL`, `TESSERA_DATABASE_URL`, `TESSERA_STORE_URL`); `nil` to start one.
    public var fleet: [String: String]?
    /// A model and an image in place of the built-in ones.
    public var model: URL?
    public var image: URL?
    public var softwareVersion: String

    public init(
      executable: URL, compose: URL, folder: URL, seed: UInt64, fleet: [String: String]? = nil, model: URL? = nil,
      image: URL? = nil, softwareVersion: String
    ) {
      self.executable = executable
      self.compose = compose
      self.folder = folder
      self.seed = seed
      self.fleet = fleet
      self.model = model
      self.image = image
      self.softwareVersion = softwareVersion
    }
  }

  private let settings: Settings
  private let progress: (String) -> Void

  /// - Parameter progress: told what is being done, one line at a time.
  public init(_ settings: Settings, progress: @escaping (String) -> Void) {
    self.settings = settings
    self.progress = progress
  }

  /// Plays `scenarios`.
  /// - Throws: `ChaosError` when servers can't be started, or the fleet doesn't even work without faults.
  public func play(_ scenarios: [Scenario]) async throws -> ChaosReport {
    var report = ChaosReport(seed: settings.seed, softwareVersion: settings.softwareVersion)
    var theatre = try await Theatre.open(settings, number: 0, progress: progress)
    do {
      for (number, scenario) in scenarios.enumerated() {
        progress("row \(scenario.row): \(scenario.fault)")
        let row = await play(scenario, in: theatre)
        try Task.checkCancellation()
        report.rows.append(row)
        progress(
          "row \(scenario.row): \(row.verdict.rawValue) after \(Int(row.seconds.rounded())) s\(row.remark.map { ": \($0)" } ?? "")"
        )
        // What a broken row leaves behind must not be held against the next one.
        if row.verdict == .broken, settings.fleet == nil, number + 1 < scenarios.count {
          await theatre.close()
          theatre = try await Theatre.open(settings, number: number + 1, progress: progress)
        }
      }
    } catch {
      await theatre.close()
      throw error
    }
    await theatre.close()
    return report
  }

  private func play(_ scenario: Scenario, in theatre: Theatre) async -> ChaosReport.Row {
    let start = ContinuousClock.now
    var row = ChaosReport.Row(row: scenario.row, fault: scenario.fault, verdict: .held, seconds: 0, findings: [])
    do {
      let stage = try theatre.stage(named: "row-\(scenario.row)", seed: settings.seed &+ UInt64(scenario.row))
      do {
        row.findings = try await scenario.play(stage)
        if row.findings.contains(where: { !$0.holds }) { row.verdict = .broken }
        let missing = Set(scenario.invariants).subtracting(row.findings.compactMap(\.invariant))
        if !missing.isEmpty {
          row.verdict = .broken
          row.remark = "it didn't look at \(missing.sorted().map(\.name).joined(separator: ", "))"
        }
      } catch let skip as ChaosSkip {
        row.verdict = .skipped
        row.remark = skip.description
      } catch {
        row.verdict = .broken
        row.remark = "\(error)"
      }
      await stage.endProcesses()
      await stage.close()
    } catch {
      row.verdict = .broken
      row.remark = "\(error)"
    }
    row.seconds = (ContinuousClock.now - start) / .seconds(1)
    return row
  }
}
