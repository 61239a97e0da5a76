/// What the database's own comments say of its tables, views and columns.
public struct DataDictionary: Hashable, Sendable, Codable {
  public struct Column: Hashable, Sendable, Codable {
    public var name: String
    public var type: String
    /// `nil` where there is no comment.
    public var meaning: String?
  }

  public struct Relation: Hashable, Sendable, Codable {
    public var schema: String
    public var name: String
    /// `table`, `view` or `materialized view`.
    public var kind: String
    /// `nil` where there is no comment.
    public var meaning: String?
    public var columns: [Column]
  }

  /// The views for analysts first, then the ledger; by name.
  public var relations: [Relation]

  init(of database: PostgresConnection) throws {
    let rows = try database.execute(
      """
      SELECT n.nspname AS schema, c.relname AS name,
             CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'table' END AS kind,
             obj_description(c.oid, 'pg_class') AS meaning,
             json_agg(json_build_object(
               'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'meaning', col_description(c.oid, a.attnum))
               ORDER BY a.attnum) AS columns
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE n.nspname IN ('fleet', 'analytics') AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
      GROUP BY n.nspname, c.oid, c.relname, c.relkind
      ORDER BY n.nspname, c.relname COLLATE "C"
      """)
    relations = try rows.map { row in
      Relation(
        schema: try row.value("schema"), name: try row.value("name"), kind: try row.value("kind"),
        meaning: try row.optional("meaning"), columns: try row.json("columns") ?? [])
    }
  }

  /// The page `DataDictionary` of the documentation.
  public var markdown: String {
    var lines = [
      "# Data dictionary", "", "Tables, views and columns with their units, as the database's own comments tell them.",
      "",
      "## Overview", "",
      "This page is made by `tessera dictionary --markdown` from a new database; a test holds it against the schema. `NULL` in a column means",
      "that there is no value, never zero. Times are `timestamptz`, digests SHA-256 as 64 lower-case hexadecimal digits. <doc:Analytics> shows",
      "how the views are used. Analysts may read the schema `analytics` only.",
    ]
    for (schema, title) in [("analytics", "Views for analysts"), ("fleet", "The ledger")] {
      lines += ["", "## \(title)"]
      for relation in relations where relation.schema == schema {
        lines += [
          "", "### \(relation.schema).\(relation.name)", "", "\(Self.text(relation.meaning)) (\(relation.kind))", "",
        ]
        lines += ["| column | type | meaning |", "|---|---|---|"]
        lines += relation.columns.map { "| `\($0.name)` | \($0.type) | \(Self.text($0.meaning)) |" }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Without what has a meaning in a table of Markdown.
  private static func text(_ comment: String?) -> String {
    (comment ?? "").replacing("|", with: "\\|").replacing("*", with: "\\*").replacing("<", with: "\\<")
      .replacing("[", with: "\\[")
  }
}
