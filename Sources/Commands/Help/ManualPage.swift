/// The manual page tessera(1), made from the command tree, the settings and the exit codes, so that it can't differ from them.
struct ManualPage {
  private let program: CommandDescription
  private let leaves: [CommandDescription.Place]
  /// Titles of options that many commands have, which are explained once.
  private let common: [String]

  /// An option is a common one where so many commands have it with the same words.
  private static let many = 12

  /// - Throws: `DecodingError` where the parser describes its commands in a way that isn't known.
  init() throws {
    program = try CommandDescription.program()
    leaves = program.leaves()
    var counts: [String: Int] = [:]
    for argument in leaves.flatMap(\.command.shownArguments) where argument.kind != .positional {
      counts[Self.key(argument), default: 0] += 1
    }
    common = counts.filter { $0.value >= Self.many }.map(\.key)
  }

  private static func key(_ argument: CommandDescription.Argument) -> String {
    "\(argument.title)\n\(argument.abstract ?? "")"
  }

  var roff: String {
    var page = Roff(
      name: program.commandName, section: 1, source: "Tessera \(SoftwareVersion.current)", manual: "Tessera's manual")
    page.heading("NAME")
    page.paragraph("\(program.commandName) - \((program.abstract ?? "").lowercasedFirst)")
    page.heading("SYNOPSIS")
    page.lines(["tessera COMMAND [OPTIONS] [ARGUMENTS]", "tessera COMMAND --help"])
    page.heading("DESCRIPTION")
    page.discussion(program.discussion ?? "")
    page.heading("COMMANDS")
    for leaf in leaves { add(leaf, to: &page) }
    page.heading("COMMON OPTIONS")
    var explained: Set<String> = []
    for argument in leaves.flatMap(\.command.shownArguments) + program.shownArguments
    where common.contains(Self.key(argument)) && explained.insert(Self.key(argument)).inserted {
      page.item(argument.title, Self.meaning(argument))
    }
    addEnvironment(to: &page)
    page.heading("EXIT STATUS")
    for code in ExitCodes.all { page.item("\(code.code)", "\(code.meaning) \(code.next)") }
    page.heading("SEE ALSO")
    page.paragraph(
      "The README and the documentation that come with Tessera. `tessera COMMAND --help` has what stands here, for one command."
    )
    return page.text
  }

  private func add(_ leaf: CommandDescription.Place, to page: inout Roff) {
    page.subheading(leaf.title)
    page.paragraph(leaf.command.abstract ?? "")
    page.discussion(leaf.command.discussion ?? "")
    var others: [String] = []
    for argument in leaf.command.shownArguments {
      if common.contains(Self.key(argument)) {
        others.append(argument.names?.last?.word ?? argument.title)
      } else {
        page.item(argument.title, Self.meaning(argument))
      }
    }
    if !others.isEmpty { page.paragraph("Common options: \(others.joined(separator: ", ")).") }
  }

  private static func meaning(_ argument: CommandDescription.Argument) -> String {
    var words = argument.abstract ?? ""
    if let values = argument.allValues, !values.isEmpty { words += " One of \(values.joined(separator: ", "))." }
    if let value = argument.defaultValue, !value.isEmpty, argument.kind != .flag { words += " Default: \(value)." }
    return words
  }

  private func addEnvironment(to page: inout Roff) {
    page.heading("ENVIRONMENT")
    page.paragraph(
      "A flag wins over a variable, which wins over the configuration file (`tessera init` writes one), which wins over the "
        + "default. VARIABLE_FILE names a file that holds the value of VARIABLE, as containers and systemd hand out secrets."
    )
    page.item("TESSERA_CONFIG", "The configuration file.")
    page.item(
      "TESSERA_LOG_LEVEL", "The least that is logged, from trace to critical. Default: info for processes of the fleet."
    )
    page.item("RESULTS_FOLDER", "nnU-Net's folder of trained models.")
    for group in Setting.groups {
      page.subheading(group.title)
      for setting in group.settings {
        let range = setting.range.map { " (\($0))" } ?? ""
        page.item(
          "\(setting.variable), \(setting.key)", "\(setting.meaning)\(range) Default: \(setting.defaultWords).")
      }
    }
  }
}

extension String {
  /// With a small first letter, as manual pages have their first line.
  fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
