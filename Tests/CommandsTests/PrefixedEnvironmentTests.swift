import Foundation
import Testing
import Testkit

@testable import Commands

/// Settings from the environment, and from the files that it names.
@Suite struct PrefixedEnvironmentTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func file(_ text: String) throws -> String {
    let path = folder.url.appending(path: UUID().uuidString)
    try Data(text.utf8).write(to: path)
    return path.path
  }

  @Test func aSettingMayBeInAFile() throws {
    let values = try PrefixedEnvironment.values([
      "TESSERA_AMQP_URL_FILE": file("amqp://user:geheim@host/\n"), "TESSERA_THREADS": "2", "HOME": "/root",
      "TESSERA_ISA": "", "TESSERA_THREADS_FILE": "",
      "OTHER_URL_FILE": "/nowhere",
    ])
    #expect(values == ["AMQP_URL": "amqp://user:geheim@host/", "THREADS": "2"])
  }

  @Test func filesOfTLSAreNamedByTheirOwnSettings() throws {
    let values = try PrefixedEnvironment.values(["TESSERA_AMQP_CACERTFILE": "/ca.crt"])
    #expect(values == ["AMQP_CACERTFILE": "/ca.crt"])
  }

  @Test func whatIsWrongIsSaidWithoutTheSecret() throws {
    let long = try file(String(repeating: "geheim", count: 20_000))
    for (environment, words) in [
      (["TESSERA_AMQP_URL_FILE": folder.url.path + "/nothing"], "can't be read"),
      (["TESSERA_AMQP_URL_FILE": try file("")], "empty"),
      (["TESSERA_AMQP_URL_FILE": long], "isn't one value"),
      (["TESSERA_AMQP_URL_FILE": try file("geheim"), "TESSERA_AMQP_URL": "geheim"], "unset one"),
    ] {
      let error = #expect(throws: SettingsError.self) { try PrefixedEnvironment.values(environment) }
      let text = error?.description ?? ""
      #expect(text.contains(words) && text.contains("TESSERA_AMQP_URL_FILE") && !text.contains("geheim"), "\(text)")
    }
  }
}
