internal import ArgumentParser
internal import FleetContracts

/// `tessera cancel`
struct CancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel",
    abstract: "Ends runs that nobody wants any more.",
    discussion: """
      From then on nothing of a cancelled run becomes visible: waiting tiles aren't computed, late results are dropped, and who was about to
      write its label map is refused. A run that is over stays as it is. Cancelling again is harmless.

        tessera cancel 0192f0c1-2f3a-7c55-9d0e-3b1f6a7c8d9e
      """)

  @Argument(
    help: ArgumentHelp("The runs' identifiers, as `tessera submit` printed them.", valueName: "run"), completion: .runs)
  var runs: [String]

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    var run: String
    /// `nil` for an unknown run.
    var state: String?
  }

  func run() async throws {
    try await Failures.reported {
      let ids = try runs.map { text in
        guard let id = RunID(text) else {
          throw InputError("\(text) isn't a run's identifier; `tessera status` lists runs.")
        }
        return id
      }
      let adapters = try await fleet.adapters(for: "cancel")
      let ledger = try await adapters.ledger()
      var reports: [Report] = []
      for id in ids {
        let state = try await ledger.cancel(id)
        reports.append(Report(run: id.description, state: state?.rawValue))
        guard !json else { continue }
        switch state {
        case nil: Output.note("There is no run \(id); `tessera status` lists runs.")
        case .cancelled: Output.line("run \(id) is cancelled")
        case let state?: Output.line("run \(id) was \(state.rawValue) before and stays so")
        }
      }
      if json { try Output.json(reports) }
      // Workers drop the jobs that they have; who doesn't hear it computes in vain, and that is all.
      let cancelled = zip(ids, reports).filter { $1.state == RunState.cancelled.rawValue }.map(\.0)
      await adapters.announce(cancelled.map(Announcement.cancelled))
      if reports.contains(where: { $0.state == nil }) { throw ExitCodes.data }
    }
  }
}
