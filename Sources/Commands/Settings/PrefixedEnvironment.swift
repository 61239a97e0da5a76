internal import Configuration
internal import Foundation

/// Environment variables `TESSERA_A_B` as keys `a.b`.
///
/// `TESSERA_A_B_FILE` names a file that holds the value, as container engines and systemd hand out secrets. A line's end at its end isn't
/// part of the value. An empty variable counts as one that isn't set, as a shell or a compose file leaves it.
enum PrefixedEnvironment {
  private static let prefix = "TESSERA_"
  private static let suffix = "_FILE"
  /// A value is an address or a number; whoever names something larger has named the wrong file.
  private static let largestFile = 64 << 10

  /// - Throws: `SettingsError` when a file can't be read, or a value is given twice.
  static func provider(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(SettingsError) -> EnvironmentVariablesProvider {
    EnvironmentVariablesProvider(
      environmentVariables: try values(environment), secretsSpecifier: .dynamic { key, _ in key.hasSuffix("URL") })
  }

  /// Values by variable, without the prefix.
  static func values(_ environment: [String: String]) throws(SettingsError) -> [String: String] {
    let environment = environment.filter { !$0.value.isEmpty }
    var values: [String: String] = [:]
    for (variable, value) in environment where variable.hasPrefix(prefix) && !variable.hasSuffix(suffix) {
      values[String(variable.dropFirst(prefix.count))] = value
    }
    for (variable, path) in environment where variable.hasPrefix(prefix) && variable.hasSuffix(suffix) {
      let name = String(variable.dropFirst(prefix.count).dropLast(suffix.count))
      guard values[name] == nil else {
        throw SettingsError("Both \(prefix)\(name) and \(variable) are set; unset one of them.")
      }
      values[name] = try content(of: path, for: variable)
    }
    return values
  }

  private static func content(of path: String, for variable: String) throws(SettingsError) -> String {
    guard let file = FileHandle(forReadingAtPath: path), let data = try? file.read(upToCount: largestFile + 1) else {
      throw SettingsError(
        "The file \(path) that \(variable) names can't be read or is empty; correct the path or its permissions.")
    }
    guard data.count <= largestFile, let text = String(data: data, encoding: .utf8) else {
      throw SettingsError(
        "The file \(path) that \(variable) names isn't one value: it must be text of at most \(largestFile) bytes.")
    }
    return text.trimmingCharacters(in: .newlines)
  }
}
