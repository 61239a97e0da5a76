internal import Configuration
internal import Foundation

/// Values of settings: flags over environment over configuration file over default. An empty text counts as not set.
final class SettingsReader {
  private let reader: ConfigReader
  /// Which settings were asked for.
  private(set) var asked: [Setting] = []

  /// - Parameters:
  ///   - flags: values from the command line by key; `nil` where the flag wasn't given.
  ///   - file: a configuration file, or `nil` for the one that `TESSERA_CONFIG` names, if any.
  /// - Throws: `SettingsError`.
  init(
    flags: [String: String?], file: String?, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws {
    var providers: [any ConfigProvider] = [
      Self.provider("command line", flags.compactMapValues { $0 }),
      try PrefixedEnvironment.provider(environment),
    ]
    if let path = file ?? environment["TESSERA_CONFIG"], !path.isEmpty {
      providers.append(Self.provider("configuration file", try ConfigurationFile(path).values))
    }
    reader = ConfigReader(providers: providers)
  }

  private static func provider(_ name: String, _ values: [String: String]) -> InMemoryProvider {
    let secrets = Set(Setting.all.filter(\.isSecret).map(\.key))
    return InMemoryProvider(
      name: name,
      values: Dictionary(
        uniqueKeysWithValues: values.map { key, value in
          (
            AbsoluteConfigKey(key.split(separator: ".").map(String.init)),
            ConfigValue(.string(value), isSecret: secrets.contains(key))
          )
        }))
  }

  /// The text that was given, or the default.
  func text(_ setting: Setting) -> String? {
    asked.append(setting)
    let key = ConfigKey(setting.key.split(separator: ".").map(String.init))
    if let text = reader.string(forKey: key, isSecret: setting.isSecret), !text.isEmpty { return text }
    guard case .text(let text) = setting.value else { return nil }
    return text
  }

  /// - Parameter otherwise: what holds where the setting has no default of its own.
  /// - Throws: `SettingsError` for anything but a whole number in the setting's range.
  func whole(_ setting: Setting, otherwise: Int? = nil) throws(SettingsError) -> Int {
    guard case .whole(_, let range) = setting.value, let text = text(setting) else {
      if case .whole(let value?, _) = setting.value { return value }
      return try Self.needed(otherwise, setting)
    }
    guard let number = Int(text), range.contains(number) else {
      throw SettingsError(setting, text, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// - Throws: `SettingsError` for anything but a number from 0 to 1.
  func share(_ setting: Setting) throws(SettingsError) -> Double {
    guard let text = text(setting) else {
      if case .share(let value) = setting.value { return value }
      return 0
    }
    guard let number = Double(text), (0...1).contains(number) else {
      throw SettingsError(setting, text, "a number from 0 to 1")
    }
    return number
  }

  /// - Throws: `SettingsError` for anything but `true` and `false`.
  func truth(_ setting: Setting) throws(SettingsError) -> Bool {
    guard let text = text(setting) else {
      if case .truth(let value) = setting.value { return value }
      return false
    }
    guard let value = Bool(text) else { throw SettingsError(setting, text, "true or false") }
    return value
  }

  /// Bytes.
  /// - Throws: `SettingsError` for anything but a size.
  func size(_ setting: Setting) throws(SettingsError) -> Int? {
    guard let text = text(setting) else {
      guard case .size(let value?) = setting.value else { return nil }
      return ByteCount(argument: value)?.bytes
    }
    guard let count = ByteCount(argument: text) else { throw SettingsError(setting, text, "a size such as 4GiB") }
    return count.bytes
  }

  /// - Throws: `SettingsError` for anything but one of the setting's words.
  func word(_ setting: Setting) throws(SettingsError) -> String? {
    guard case .word(let value, let words) = setting.value else { return nil }
    guard let text = text(setting) else { return value }
    guard words.contains(text) else {
      throw SettingsError(setting, text, "one of \(words.joined(separator: ", "))")
    }
    return text
  }

  /// - Throws: `SettingsError` without a value.
  static func needed<Value>(_ value: Value?, _ setting: Setting) throws(SettingsError) -> Value {
    guard let value else {
      throw SettingsError(
        "The setting \(setting.key) is missing; set \(setting.variable), or put it into a configuration file (`tessera init` writes one)."
      )
    }
    return value
  }
}

/// A setting that is missing or wrong: one sentence that says what to do.
struct SettingsError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }

  init(_ setting: Setting, _ found: String, _ expected: String) {
    description =
      "The setting \(setting.key) is \(found); it must be \(expected). Correct it where it was set: by a flag, \(setting.variable) or "
      + "the configuration file."
  }
}
