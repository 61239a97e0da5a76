internal import ArgumentParser
internal import FleetContracts
internal import Foundation

/// `tessera webhooks deliveries`
struct WebhooksDeliveriesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deliveries", abstract: "Lists what was and is to be posted, the newest first.",
    discussion: """
        tessera webhooks deliveries --unsettled --limit 20
      """)

  @Option(help: "Only those to this webhook.")
  var webhook: String?

  @Flag(help: "Leave out what was delivered.")
  var unsettled = false

  @Option(help: "How many to list.")
  var limit = 100

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var fleet: FleetOptions

  private struct Report: Encodable {
    var delivery: Int
    var webhook: String
    var event: String
    var run: RunID
    var type: String
    var state: WebhookDelivery.State
    var attempts: Int
    var dueAt: Date?
    var status: Int?
    var answer: String?

    init(_ delivery: WebhookDelivery) {
      self.delivery = delivery.id
      webhook = delivery.webhook.uuidString.lowercased()
      event = delivery.event.id.uuidString.lowercased()
      run = delivery.event.run
      type = delivery.event.type
      state = delivery.state
      attempts = delivery.attempts
      dueAt = delivery.state == .pending ? delivery.dueAt : nil
      status = delivery.status
      answer = delivery.answer
    }
  }

  func run() async throws {
    try await Failures.reported {
      let only = try webhook.map(WebhooksCommand.identifier)
      let ledger = try await fleet.adapters(for: "webhooks").ledger()
      let reports = try await ledger.deliveries(to: only, onlyUnsettled: unsettled, limit: limit).map(Report.init)
      if json { return try Output.json(reports) }
      guard !reports.isEmpty else { return Output.line("No deliveries.") }
      var table = TextTable([
        ("id", .right), ("state", .left), ("run", .left), ("event", .left), ("attempts", .right), ("status", .right),
        ("next", .left), ("last answer", .left),
      ])
      for report in reports {
        table.add([
          "\(report.delivery)", report.state.rawValue, "\(report.run)", report.type, "\(report.attempts)",
          report.status.map(String.init) ?? "", report.dueAt?.formatted(.iso8601) ?? "",
          DeadLetterReport.printable(report.answer ?? "", 60),
        ])
      }
      Output.line(table.rendered())
    }
  }
}

/// `tessera webhooks replay`
struct WebhooksReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Posts events again, with their identifiers.",
    discussion: """
      Harmless for a receiver that remembers the identifiers of events (webhook-id).

        tessera webhooks replay 17 18
        tessera webhooks replay --event 7a5f…
        tessera webhooks replay --failed 0192f0c1-2f3a-7c55-9d0e-3b1f6a7c8d9e
      """)

  @Argument(help: "Deliveries, as `tessera webhooks deliveries` numbers them.")
  var deliveries: [Int] = []

  @Option(help: ArgumentHelp("An event, to all webhooks that were told of it.", valueName: "id"))
  var event: String?

  @Option(help: ArgumentHelp("All that was given up for this webhook.", valueName: "webhook"))
  var failed: String?

  @OptionGroup var fleet: FleetOptions

  func validate() throws {
    guard !deliveries.isEmpty || event != nil || failed != nil else {
      throw ValidationError("Say what to post again: numbers of deliveries, --event or --failed.")
    }
  }

  func run() async throws {
    try await Failures.reported {
      let (event, webhook) = (try event.map(WebhooksCommand.identifier), try failed.map(WebhooksCommand.identifier))
      let ledger = try await fleet.adapters(for: "webhooks").ledger()
      for id in deliveries {
        guard try await ledger.replayDelivery(id) else {
          throw InputError("There is no delivery \(id); `tessera webhooks deliveries` shows those that there are.")
        }
        Output.line("delivery \(id) is posted again")
      }
      if let event { Output.line("\(try await ledger.replayDeliveries(of: event)) deliveries are posted again") }
      if let webhook {
        Output.line("\(try await ledger.replayFailedDeliveries(to: webhook)) deliveries are posted again")
      }
    }
  }
}
