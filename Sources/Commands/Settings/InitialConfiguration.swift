/// The configuration file that `tessera init` writes: all settings with their defaults, each of them behind two slashes.
enum InitialConfiguration {
  static let text: String = {
    var lines = [
      "// Settings of Tessera \(SoftwareVersion.current), written by `tessera init`.",
      "//",
      "// A flag wins over an environment variable, which wins over this file, which wins over the default. Remove the slashes before a",
      "// setting to change it. What stands there is the default; \"\" stands for nothing. A comma may stay after the last one.",
      "// Processes read this file where TESSERA_CONFIG or --config names it. It holds passwords: let nobody else read it.",
      "{",
    ]
    for group in Setting.groups {
      lines.append("  // \(group.title)")
      lines.append("")
      for setting in group.settings {
        lines.append("  // \(setting.meaning)")
        lines.append("  // \(facts(setting))")
        lines.append("  // \"\(setting.key)\": \(setting.defaultLiteral),")
        lines.append("")
      }
    }
    lines.append("}")
    return lines.joined(separator: "\n") + "\n"
  }()

  private static func facts(_ setting: Setting) -> String {
    let parts = [
      setting.isSecret ? "secret" : nil, setting.range, "default: \(setting.defaultWords)", setting.variable,
    ]
    let text = parts.compactMap { $0 }.joined(separator: "; ")
    return text.prefix(1).uppercased() + text.dropFirst() + "."
  }
}
