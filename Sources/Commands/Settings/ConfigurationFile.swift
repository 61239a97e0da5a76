internal import Foundation

/// A configuration file: JSON, in which comments and commas at the end are allowed (JSON5), as `tessera init` writes it.
///
/// A key is written whole (`"lease.seconds": 30`) or as objects in one another (`"lease": {"seconds": 30}`).
struct ConfigurationFile {
  /// Texts by key.
  let values: [String: String]

  /// - Throws: `SettingsError` for a file that can't be read, and for a setting that there isn't.
  init(_ path: String) throws(SettingsError) {
    let data: Data
    do { data = try Data(contentsOf: URL(filePath: path)) } catch {
      throw SettingsError(
        "The configuration file \(path) can't be read (\(error.localizedDescription)); correct --config or TESSERA_CONFIG, or write a new "
          + "one by `tessera init`.")
    }
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    let tree: Tree
    do { tree = try decoder.decode(Tree.self, from: data) } catch {
      throw SettingsError(
        "The configuration file \(path) can't be read: one JSON object with texts, numbers, true and false was expected (comments are "
          + "allowed). Compare it with what `tessera init` writes.")
    }
    var values: [String: String] = [:]
    tree.gather(into: &values, under: nil)
    let known = Setting.all.map(\.key)
    for key in values.keys.sorted() where !known.contains(key) {
      throw SettingsError(
        "The configuration file \(path) has a setting \(key), which there isn't.\(Nearest.question(to: key, among: known)) "
          + "`tessera init` writes a file with all settings.")
    }
    self.values = values
  }

  private indirect enum Tree: Decodable {
    case object([String: Tree])
    case text(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let truth = try? container.decode(Bool.self) {
        self = .text("\(truth)")
      } else if let number = try? container.decode(Int.self) {
        self = .text("\(number)")
      } else if let number = try? container.decode(Double.self) {
        self = .text("\(number)")
      } else if let text = try? container.decode(String.self) {
        self = .text(text)
      } else {
        self = .object(try container.decode([String: Tree].self))
      }
    }

    func gather(into values: inout [String: String], under prefix: String?) {
      switch self {
      case .text(let text): values[prefix ?? ""] = text
      case .object(let members):
        for (key, member) in members {
          member.gather(into: &values, under: prefix.map { "\($0).\(key)" } ?? key)
        }
      }
    }
  }
}
