internal import ArgumentParser
internal import FleetContracts
internal import Foundation

/// `tessera pause`
struct PauseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause",
    abstract: "Holds work back: it stays in the ledger until `tessera resume`.",
    discussion: """
      Runs of what is paused are neither prepared nor handed to workers. Tiles in hand are finished, and runs whose tiles are all in are
      completed. New studies may be submitted meanwhile.

        tessera pause --tenant research
        tessera pause --model brain --class batch
        tessera pause --list
      """)

  @OptionGroup var scopes: PauseScopeOptions

  @Flag(help: "Show what is paused.")
  var list = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  func validate() throws {
    guard list != scopes.isEmpty else { return }
    throw ValidationError("Say what to pause (--tenant, --model, --class or --all), or --list alone.")
  }

  private struct Report: Encodable {
    var kind: String
    var name: String
    var since: Date
  }

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "pause").ledger()
      if !list {
        for scope in scopes.all {
          try await ledger.pause(scope)
          if !json { Output.line("paused: \(PauseScopeOptions.words(scope))") }
        }
        guard json else { return }
      }
      let pauses = try await ledger.pauses().filter { list || scopes.all.contains($0.scope) }
      if json {
        return try Output.json(pauses.map { Report(kind: $0.scope.kind, name: $0.scope.name, since: $0.since) })
      }
      guard !pauses.isEmpty else { return Output.line("Nothing is paused.") }
      var table = TextTable([("paused", .left), ("since", .left)])
      for pause in pauses { table.add([PauseScopeOptions.words(pause.scope), pause.since.formatted(.iso8601)]) }
      Output.line(table.rendered())
    }
  }
}

/// `tessera resume`
struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Lets paused work go on.",
    discussion: """
      Each pause is lifted by the words that made it; a run goes on when none of those that hold it is left.

        tessera resume --tenant research
      """)

  @OptionGroup var scopes: PauseScopeOptions

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  @Flag(help: "Print JSON.")
  var json = false

  private struct Report: Encodable {
    var kind: String
    var name: String
    var wasPaused: Bool
  }

  func validate() throws {
    guard scopes.isEmpty else { return }
    throw ValidationError(
      "Say what may go on: --tenant, --model, --class or --all; `tessera pause --list` shows what is paused.")
  }

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "resume").ledger()
      var reports: [Report] = []
      for scope in scopes.all {
        let was = try await ledger.resume(scope)
        reports.append(Report(kind: scope.kind, name: scope.name, wasPaused: was))
        if !json { Output.line("\(was ? "goes on" : "wasn't paused"): \(PauseScopeOptions.words(scope))") }
      }
      if json { try Output.json(reports) }
    }
  }
}

/// What is paused or goes on.
struct PauseScopeOptions: ParsableArguments {
  @Option(
    name: .customLong("tenant"), help: ArgumentHelp("Runs of a tenant.", valueName: "name"),
    transform: UrgencyWord.tenant)
  var tenants: [Tenant] = []

  @Option(
    name: .customLong("model"), help: ArgumentHelp("Runs with a pass of the model of this name.", valueName: "name"),
    completion: .models)
  var models: [String] = []

  @Option(
    name: .customLong("class"), help: ArgumentHelp("Runs of a class: stat, routine or batch.", valueName: "class"),
    completion: .list(RunClass.allCases.map(\.rawValue)),
    transform: UrgencyWord.runClass)
  var classes: [RunClass] = []

  @Flag(name: .customLong("all"), help: "All runs.")
  var everything = false

  var all: [PauseScope] {
    (everything ? [.all] : []) + tenants.map(PauseScope.tenant) + models.map(PauseScope.model)
      + classes.map(PauseScope.runClass)
  }

  var isEmpty: Bool { all.isEmpty }

  static func words(_ scope: PauseScope) -> String {
    scope == .all ? "all runs" : "\(scope.kind) \(scope.name)"
  }
}
