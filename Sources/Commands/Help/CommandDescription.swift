internal import ArgumentParser
internal import Foundation

/// A command as the parser describes it: what the manual page is made of, and what tests walk through.
struct CommandDescription: Decodable {
  struct Argument: Decodable {
    enum Kind: String, Decodable { case positional, option, flag }

    struct Name: Decodable, Hashable {
      enum Kind: String, Decodable { case long, short, longWithSingleDash }
      var kind: Kind
      var name: String

      /// As it is typed.
      var word: String { kind == .long ? "--\(name)" : "-\(name)" }
    }

    var kind: Kind
    var names: [Name]?
    var valueName: String?
    var abstract: String?
    var defaultValue: String?
    var allValues: [String]?
    var shouldDisplay: Bool
    var isOptional: Bool
    var isRepeating: Bool

    /// Such as `-o, --output <dir>`.
    var title: String {
      let value = valueName.map { "<\($0)>" } ?? ""
      guard let names, !names.isEmpty else { return value + (isRepeating ? " ..." : "") }
      let words = names.map(\.word).joined(separator: ", ")
      return kind == .option ? "\(words) \(value)" : words
    }
  }

  var commandName: String
  var abstract: String?
  var discussion: String?
  var arguments: [Argument]?
  var subcommands: [CommandDescription]?
  var shouldDisplay: Bool

  /// The whole program.
  static func program() throws -> CommandDescription {
    struct Dump: Decodable { var command: CommandDescription }
    return try JSONDecoder().decode(Dump.self, from: Data(TesseraCommand._dumpHelp().utf8)).command
  }

  /// A command and the words that lead to it.
  struct Place {
    var words: [String]
    var command: CommandDescription

    var title: String { words.joined(separator: " ") }
  }

  /// Commands that do something, in the order of the help; neither groups nor what the program starts for itself.
  func leaves(under words: [String] = []) -> [Place] {
    guard shouldDisplay, commandName != "help" else { return [] }
    let here = words + [commandName]
    guard let subcommands, subcommands.contains(where: { $0.commandName != "help" }) else {
      return [Place(words: here, command: self)]
    }
    return subcommands.flatMap { $0.leaves(under: here) }
  }

  /// What a user finds in the help.
  var shownArguments: [Argument] { (arguments ?? []).filter(\.shouldDisplay) }

  /// Lines of the discussion that show a call.
  var examples: [String] {
    (discussion ?? "").split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { $0.hasPrefix("tessera ") }
  }
}
