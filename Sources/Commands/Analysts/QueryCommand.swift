internal import AnalystQueries
internal import ArgumentParser
internal import Foundation
internal import PostgresLedger

/// `tessera query`
struct QueryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query",
    abstract: "Runs one of the documented queries for analysts; alone, lists them.",
    discussion: """
      Nothing is written, and the role tessera_analyst suffices: an analyst sees the tenants that were granted. --sql prints the statement, which
      psql runs too.

        tessera query
        tessera query label-volumes-by-week --set "label=grey matter" --csv > volumes.csv
        tessera query costs --json
        tessera query throughput --sql | psql -v days=30 "$TESSERA_DATABASE_URL"
      """)

  @Argument(help: "The query's name. Without it, queries are listed.", completion: .list(AnalystQuery.all.map(\.name)))
  var name: String?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("A parameter of the query; may be repeated.", valueName: "name=value"))
  var settings: [String] = []

  @Flag(help: "Print comma-separated values (RFC 4180), with a line of names.")
  var csv = false

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Print the SQL instead of running it.")
  var sql = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  func validate() throws {
    guard [csv, json, sql].count(where: { $0 }) < 2 else {
      throw ValidationError("--csv, --json and --sql exclude each other.")
    }
    for setting in settings where !setting.contains("=") {
      throw ValidationError("--set \(setting): write name=value.")
    }
    guard let name else {
      if !settings.isEmpty || sql || csv { throw ValidationError("Name a query; `tessera query` lists them.") }
      return
    }
    guard let query = AnalystQuery.named(name) else {
      throw ValidationError(
        "There is no query \(name).\(Nearest.question(to: name, among: AnalystQuery.all.map(\.name))) `tessera query` lists them."
      )
    }
    let known = query.parameters.map(\.name)
    for parameter in values.keys.sorted() where !known.contains(parameter) {
      throw ValidationError(
        "\(name) has no parameter \(parameter)"
          + (known.isEmpty ? ", nor any other." : "; it has \(known.joined(separator: ", "))."))
    }
  }

  private var values: [String: String] {
    Dictionary(
      settings.map { setting in
        let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return (parts[0], parts.count > 1 ? parts[1] : "")
      }, uniquingKeysWith: { $1 })
  }

  func run() async throws {
    try await Failures.reported {
      guard let query = name.flatMap(AnalystQuery.named) else { return try list() }
      if sql { return Output.line(defaults(of: query) + query.file) }
      let settings = try await FleetSettings.read(flags: fleet.flags, file: fleet.configuration)
      let database = try AnalystDatabase(url: settings.databaseURL())
      let (sql, values) = query.bound(values)
      if json { return Output.line(try await database.json(sql, values)) }
      let answer = try await database.answer(sql, values)
      if csv { return Output.line(Self.csv(answer)) }
      Output.line(Self.table(answer))
      Output.note("\(query.title) \(answer.rows.count) rows.")
    }
  }

  /// What psql needs where it isn't given `-v`.
  private func defaults(of query: AnalystQuery) -> String {
    query.parameters.map { parameter in
      let value = (values[parameter.name] ?? parameter.defaultValue).replacing("'", with: "''")
      return "\\if :{?\(parameter.name)} \\else \\set \(parameter.name) '\(value)' \\endif\n"
    }.joined()
  }

  private struct Entry: Encodable {
    struct Parameter: Encodable {
      var name: String
      var defaultValue: String
      var meaning: String
    }

    var name: String
    var title: String
    var explanation: String
    var parameters: [Parameter]
  }

  private func list() throws {
    if json {
      return try Output.json(
        AnalystQuery.all.map { query in
          Entry(
            name: query.name, title: query.title, explanation: query.explanation,
            parameters: query.parameters.map {
              Entry.Parameter(name: $0.name, defaultValue: $0.defaultValue, meaning: $0.meaning)
            })
        })
    }
    var table = TextTable([("query", .left), ("parameters", .left), ("what it answers", .left)])
    for query in AnalystQuery.all {
      let parameters = query.parameters.map { "\($0.name)=\($0.defaultValue)" }.joined(separator: " ")
      table.add([query.name, parameters, query.title])
    }
    Output.line(table.rendered())
  }

  private static func table(_ answer: AnalystDatabase.Answer) -> String {
    var table = TextTable(answer.columns.map { ($0.name, $0.isNumber ? .right : .left) })
    for row in answer.rows { table.add(row.map { $0 ?? "" }) }
    return table.rendered()
  }

  private static func csv(_ answer: AnalystDatabase.Answer) -> String {
    func line(_ cells: [String]) -> String { cells.map(field).joined(separator: ",") }
    return ([line(answer.columns.map(\.name))] + answer.rows.map { line($0.map { $0 ?? "" }) }).joined(
      separator: "\r\n")
      + "\r"
  }

  private static func field(_ text: String) -> String {
    guard text.contains(where: { ",\"\n\r\r\n".contains($0) }) else { return text }
    return "\"\(text.replacing("\"", with: "\"\""))\""
  }
}
