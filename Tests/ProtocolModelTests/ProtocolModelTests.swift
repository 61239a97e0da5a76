import Foundation
import Testing
import Testkit

/// The model of the protocol in `Tests/ProtocolModel`, searched by spin.
@Suite struct ProtocolModelTests {
  private static let isInstalled = ["/usr/bin/spin", "/usr/local/bin/spin"].contains {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  @Test(.enabled(if: isInstalled, "needs spin; Compose/install brings it"), .timeLimit(.minutes(5)))
  func theProtocolKeepsItsPromisesAndEachMistakeIsFound() throws {
    let process = Process()
    process.executableURL = Fixtures.repository.appending(path: "Tests/ProtocolModel/check")
    process.arguments = ["quick"]
    process.standardInput = FileHandle.nullDevice
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
    let mistakes = text.components(separatedBy: "Mistakes are found:").last ?? ""
    #expect(mistakes.split(separator: "\n").count == 12, "\(text)")
  }
}
