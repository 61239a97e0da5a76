internal import ArgumentParser
internal import FleetContracts
internal import PostgresLedger

/// `tessera analyst`
struct AnalystCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyst",
    abstract: "Says whose runs each analyst sees.",
    discussion: """
      An analyst is a login of the database with the role tessera_analyst: it reads the views of the schema analytics, and there the runs of the
      tenants that were granted; without a grant, none. Run it as the ledger's owner or the database's administrator.

        psql -c "CREATE ROLE alice LOGIN IN ROLE tessera_analyst"
        tessera analyst grant alice --tenant ward7
        tessera analyst grant auditor --all
        tessera analyst list
      """,
    subcommands: [Grant.self, Revoke.self, List.self])

  struct Grant: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lets an analyst see the runs of a tenant, or of all.",
      discussion: """
        Grants add up. The login is made in the database, with the role tessera_analyst.

          tessera analyst grant alice --tenant ward7 --tenant ward8
          tessera analyst grant auditor --all
        """)

    @Argument(help: "The database login.")
    var login: String

    @Option(help: "The tenant; may be repeated.")
    var tenant: [String] = []

    @Flag(help: "All tenants.")
    var all = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

    private struct Report: Encodable {
      var login: String
      /// `*` for all.
      var tenants: [String]
      /// Whether the database has a login that may use the views.
      var mayLook: Bool
    }

    func validate() throws {
      guard tenant.isEmpty == all else { throw ValidationError("Name a --tenant, or --all.") }
    }

    func run() async throws {
      try await Failures.reported {
        let settings = try await FleetSettings.read(flags: fleet.flags, file: fleet.configuration)
        let rights = try AnalystRights(url: settings.databaseURL())
        let tenants: [Tenant?] = all ? [nil] : try tenant.map { try Tenant($0) }
        var mayLook = true
        for tenant in tenants { mayLook = try await rights.grant(tenant, to: login) }
        if json {
          return try Output.json(Report(login: login, tenants: all ? ["*"] : tenant, mayLook: mayLook))
        }
        Output.line("\(login) sees the runs of \(all ? "all tenants" : tenant.joined(separator: ", ")).")
        if !mayLook {
          Output.note(
            "The database has no login \(login) that may use the views: CREATE ROLE \(login) LOGIN IN ROLE tessera_analyst."
          )
        }
      }
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes an analyst's sight of a tenant, or of everything.",
      discussion: """
          tessera analyst revoke alice --tenant ward7
        """)

    @Argument(help: "The database login.")
    var login: String

    @Option(help: "The tenant. Default: whatever was granted.")
    var tenant: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

    private struct Report: Encodable {
      var login: String
      /// How many grants were taken.
      var grants: Int
    }

    func run() async throws {
      try await Failures.reported {
        let settings = try await FleetSettings.read(flags: fleet.flags, file: fleet.configuration)
        let count = try await AnalystRights(url: settings.databaseURL())
          .revoke(try tenant.map { try Tenant($0) }, from: login)
        if json { return try Output.json(Report(login: login, grants: count)) }
        Output.line(count == 0 ? "\(login) had no such grant." : "\(count) grant(s) taken from \(login).")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists whose runs each analyst sees.",
      discussion: """
          tessera analyst list --json
        """)

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

    func run() async throws {
      try await Failures.reported {
        let settings = try await FleetSettings.read(flags: fleet.flags, file: fleet.configuration)
        let rights = try await AnalystRights(url: settings.databaseURL()).all()
        if json { return try Output.json(rights) }
        var table = TextTable([("login", .left), ("tenant", .left)])
        for right in rights { table.add([right.login, right.tenant == "*" ? "all" : right.tenant]) }
        Output.line(table.rendered())
      }
    }
  }
}
