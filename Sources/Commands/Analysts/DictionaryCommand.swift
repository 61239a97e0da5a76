internal import ArgumentParser
internal import PostgresLedger

/// `tessera dictionary`
struct DictionaryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dictionary",
    abstract: "Tells what the database's tables, views and columns mean, with their units.",
    discussion: """
      As the comments in the database have it. The page Data dictionary of the documentation is what --markdown prints for a new database.

        tessera dictionary analytics.label_statistics
        tessera dictionary --markdown
      """)

  @Argument(help: "A table or view, with or without its schema. Default: all views for analysts.")
  var name: String?

  @Flag(help: "Print all tables and views as a page of Markdown.")
  var markdown = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  func validate() throws {
    if markdown, json { throw ValidationError("--markdown and --json exclude each other.") }
  }

  func run() async throws {
    try await Failures.reported {
      let settings = try await FleetSettings.read(flags: fleet.flags, file: fleet.configuration)
      let dictionary = try await AnalystDatabase(url: settings.databaseURL()).dictionary()
      if markdown { return Output.line(String(dictionary.markdown.dropLast())) }
      let chosen = dictionary.relations.filter { relation in
        guard let name else { return relation.schema == "analytics" }
        return name == relation.name || name == "\(relation.schema).\(relation.name)"
      }
      if let name, chosen.isEmpty {
        throw InputError("There is no table or view \(name); `tessera dictionary` lists the views for analysts.")
      }
      if json { return try Output.json(chosen) }
      if name == nil {
        var table = TextTable([("view", .left), ("what it has", .left)])
        for relation in chosen { table.add(["\(relation.schema).\(relation.name)", relation.meaning ?? ""]) }
        return Output.line(table.rendered())
      }
      for relation in chosen {
        Output.line("\(relation.schema).\(relation.name): \(relation.meaning ?? "")\n")
        var table = TextTable([("column", .left), ("type", .left), ("meaning", .left)])
        for column in relation.columns { table.add([column.name, column.type, column.meaning ?? ""]) }
        Output.line(table.rendered())
      }
    }
  }
}
