import Foundation
import Testing
import Testkit

@testable import Commands

/// The list of settings, the reader that goes by it, and the file that `tessera init` writes.
@Suite struct SettingTests {
  @Test func whatIsReadIsWhatIsListed() throws {
    let reader = try SettingsReader(flags: [:], file: nil, environment: [:])
    _ = try FleetSettings(reader)
    #expect(Set(reader.asked.map(\.key)) == Set(Setting.all.map(\.key)))
    #expect(Set(Setting.all.map(\.key)).count == Setting.all.count)
  }

  /// The file with each setting's slashes removed.
  private static func uncommented() -> String {
    InitialConfiguration.text.split(separator: "\n", omittingEmptySubsequences: false)
      .map(String.init).map { $0.hasPrefix("  // \"") ? $0.replacing("  // ", with: "  ", maxReplacements: 1) : $0 }
      .joined(separator: "\n")
  }

  private static func read(_ text: String) throws -> FleetSettings {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "tessera.json5")
    try Data(text.utf8).write(to: file)
    return try FleetSettings(SettingsReader(flags: [:], file: file.path, environment: [:]))
  }

  @Test func theFirstFileHasEachSettingAndChangesNothing() throws {
    let defaults = try FleetSettings(SettingsReader(flags: [:], file: nil, environment: [:]))
    for setting in Setting.all {
      #expect(InitialConfiguration.text.contains("  // \"\(setting.key)\": \(setting.defaultLiteral),\n"))
      #expect(InitialConfiguration.text.contains(setting.variable) && setting.meaning.hasSuffix("."))
    }
    #expect(try "\(Self.read(InitialConfiguration.text))" == "\(defaults)")
    #expect(try "\(Self.read(Self.uncommented()))" == "\(defaults)")
  }

  @Test func aChangedLineIsReadInBothForms() throws {
    let changed = Self.uncommented().replacing("\"lease.seconds\": 30", with: "\"lease.seconds\": 31")
      .replacing("\"max.memory\": \"\"", with: "\"max.memory\": \"4GiB\"")
    let settings = try Self.read(changed)
    #expect(settings.leaseSeconds == 31 && settings.maxMemory == 4 << 30)
    let nested = try Self.read(#"{"lease": {"seconds": 31}, "webhook": {"plain": true}, "canary": {"share": 0.25},}"#)
    #expect(nested.leaseSeconds == 31 && nested.allowsPlainWebhooks && nested.canaryShare == 0.25)
  }

  @Test func anUnknownSettingIsNamedWithTheOneThatWasMeant() throws {
    let error = #expect(throws: SettingsError.self) { try Self.read(#"{"lease.secnds": 31}"#) }
    #expect(error?.description.contains("Did you mean lease.seconds?") == true)
    #expect(throws: SettingsError.self) { try Self.read("{\"lease.seconds\": 31") }
    #expect(throws: SettingsError.self) { try Self.read(#"{"lease.seconds": [31]}"#) }
  }

  @Test(arguments: [
    ("lease.seconds", "0"), ("canary.share", "2"), ("webhook.plain", "maybe"), ("max.memory", "much"), ("engine", "x"),
    ("log.format", "xml"), ("isa", "x"),
  ])
  func aWrongValueIsAnErrorThatNamesTheSetting(key: String, value: String) {
    let error = #expect(throws: SettingsError.self) {
      try FleetSettings(SettingsReader(flags: [key: value], file: nil, environment: [:]))
    }
    #expect(error?.description.contains(key) == true)
  }

  @Test func theDocumentationHasEachSetting() throws {
    let pages = try ["Operations", "HTTPAPI"].map {
      try String(
        contentsOf: Fixtures.repository.appending(path: "Sources/tessera/Tessera.docc/\($0).md"), encoding: .utf8)
    }.joined()
    for setting in Setting.all {
      #expect(pages.contains("`\(setting.key)`") && pages.contains("`\(setting.variable)`"), "\(setting.key)")
    }
  }
}
