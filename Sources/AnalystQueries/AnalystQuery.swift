/// A documented question to the views for analysts, as `tessera query` runs it and psql can.
///
/// Its file begins with a comment: a title of one line, an explanation, and its parameters, which stand in the SQL as `:'name'`.
public struct AnalystQuery: Hashable, Sendable {
  public struct Parameter: Hashable, Sendable {
    public let name: String
    public let defaultValue: String
    /// What it means, as a sentence.
    public let meaning: String
  }

  /// Such as `label-volumes-by-week`.
  public let name: String
  /// One line.
  public let title: String
  /// Further lines; empty where the title says all.
  public let explanation: String
  public let parameters: [Parameter]
  /// The file, comment and all.
  public let file: String
  /// The statement, with `:'name'` for parameters.
  public let sql: String

  init(name: String, file: String) {
    self.name = name
    self.file = file
    let lines = file.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let comment = lines.prefix { $0.hasPrefix("--") }.map { $0.dropFirst(2).drop { $0 == " " } }
    title = comment.first.map(String.init) ?? name
    parameters = comment.compactMap { Parameter(line: $0) }
    let explaining = comment.dropFirst().filter { Parameter(line: $0) == nil }
    explanation = explaining.drop { $0.isEmpty }.reversed().drop { $0.isEmpty }.reversed().joined(separator: "\n")
    let statement = lines.dropFirst(comment.count).joined(separator: "\n")
    sql = String(statement.reversed().drop { $0.isWhitespace || $0 == ";" }.reversed())
  }

  /// The statement with `$1`, `$2` … for parameters, and their values.
  /// - Parameter values: by name, where they aren't the defaults.
  public func bound(_ values: [String: String]) -> (sql: String, values: [String]) {
    var text = sql
    for (index, parameter) in parameters.enumerated() {
      text = text.replacing(":'\(parameter.name)'", with: "$\(index + 1)::text")
    }
    return (text, parameters.map { values[$0.name] ?? $0.defaultValue })
  }
}

extension AnalystQuery.Parameter {
  /// A line such as `Parameter days (default 30): how far back, in days.`
  init?(line: some StringProtocol) {
    let start = "Parameter "
    guard line.hasPrefix(start), let open = line.firstIndex(of: "("), let close = line.firstIndex(of: ")"), open < close
    else { return nil }
    name = line[line.index(line.startIndex, offsetBy: start.count)..<open].split(separator: " ").joined()
    let words = line[line.index(after: open)..<close].split(separator: " ", maxSplits: 1)
    defaultValue = words.count == 2 ? String(words[1]) : ""
    meaning = String(line[close...].dropFirst(2).drop { $0 == " " })
  }
}
