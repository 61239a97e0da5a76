internal import ArgumentParser

/// A command that there isn't. The parser takes it for an argument too many and says so; this says which command may have been meant.
enum UnknownCommand {
  /// - Parameter arguments: what was typed after the program's name.
  /// - Returns: what is wrong, or `nil` where the parser may go on.
  static func mistake(in arguments: [String], of program: any ParsableCommand.Type = TesseraCommand.self)
    -> ValidationError?
  {
    var command = program
    var path = [program._commandName]
    for word in arguments.first == "help" ? arguments.dropFirst() : arguments[...] {
      let subcommands = command.configuration.subcommands
      guard !subcommands.isEmpty, !word.hasPrefix("-"), word != "help" else { return nil }
      let known = subcommands.first { $0._commandName == word || $0.configuration.aliases.contains(word) }
      guard let known else {
        let shown = subcommands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
        let title = path.joined(separator: " ")
        return ValidationError(
          "There is no command `\(title) \(word)`.\(Nearest.question(to: word, among: shown)) `\(title) --help` lists the commands."
        )
      }
      command = known
      path.append(word)
    }
    return nil
  }
}
