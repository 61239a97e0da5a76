import Foundation
import Testing
import Testkit

@testable import Commands

/// The manual page: whole, and a page in groff's eyes.
@Suite struct ManualPageTests {
  private static let groff = URL(filePath: "/usr/bin/groff")
  private static let hasGroff = FileManager.default.isExecutableFile(atPath: groff.path)

  @Test func itHasEachCommandSettingAndExitCode() throws {
    let page = try ManualPage().roff.replacing("\\-", with: "-")
    for leaf in try CommandDescription.program().leaves() {
      #expect(page.contains(".SS \"\(leaf.title)\""), "\(leaf.title)")
    }
    for setting in Setting.all { #expect(page.contains(setting.variable) && page.contains(setting.key)) }
    for code in ExitCodes.all { #expect(page.contains(".TP\n\\fB\(code.code)\\fR\n")) }
    let isASCII = page.unicodeScalars.allSatisfy { $0.isASCII }
    #expect(isASCII)
  }

  @Test(.enabled(if: hasGroff, "groff isn't installed")) func groffHasNothingToSayAgainstIt() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "tessera.1")
    try Data(ManualPage().roff.utf8).write(to: file)
    let lint = try Program.run(Self.groff, ["-man", "-ww", "-z", "-Tutf8", file.path])
    #expect(lint.code == 0 && lint.log.isEmpty, "\(lint.log.prefix(1000))")
    let text = try Program.run(Self.groff, ["-man", "-Tascii", "-P-c", file.path])
    #expect(text.log.contains("tessera model add") && text.log.contains("Common options:"))
  }
}
