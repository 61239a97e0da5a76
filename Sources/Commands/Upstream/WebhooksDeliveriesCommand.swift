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

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

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
