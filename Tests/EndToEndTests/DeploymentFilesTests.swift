import Foundation
import Testing
import Testkit

/// Compose file, image, manifests and units agree with the program, with each other and with the documentation. What linters and schemas say
/// of them comes from `Compose/lint`.
@Suite struct DeploymentFilesTests {
  private let compose = Fixtures.repository.appending(path: "Compose")

  private func text(_ path: String) throws -> String {
    try String(contentsOf: Fixtures.repository.appending(path: path), encoding: .utf8)
  }

  /// All files that bring a fleet up, by path.
  private func files() throws -> [(path: String, text: String)] {
    var paths = ["Compose/compose.yaml", "Compose/Dockerfile"]
    for folder in ["kubernetes", "systemd"] {
      let names = try FileManager.default.contentsOfDirectory(atPath: compose.appending(path: folder).path)
      paths += names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".service") }.map { "Compose/\(folder)/\($0)" }
    }
    return try paths.map { ($0, try text($0)) }
  }

  /// Runs a program and returns what it printed.
  private func run(_ program: String, _ arguments: [String]) throws -> (code: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let folder = try TemporaryFolder()
    let output = folder.url.appending(path: "output")
    try Data().write(to: output)
    let file = try FileHandle(forWritingTo: output)
    process.standardOutput = file
    process.standardError = file
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try file.close()
    return (process.terminationStatus, try String(contentsOf: output, encoding: .utf8))
  }

  @Test func everySecretThatIsNamedIsMade() throws {
    let folder = try TemporaryFolder()
    #expect(try run(compose.appending(path: "deployment").path, [folder.url.path]).code == 0)
    let made = Set(try FileManager.default.contentsOfDirectory(atPath: folder.url.path))
    var named = 0
    for (path, text) in try files() {
      for match in text.matches(of: #/secrets\/([A-Za-z_][A-Za-z0-9_.-]*[a-z])(?![A-Za-z0-9_.$-])/#)
      where match.1 != "kubernetes" {
        named += 1
        #expect(made.contains(String(match.1)), "\(path) names \(match.1)")
      }
    }
    #expect(named > 30)
  }

  @Test func everySettingThatIsNamedIsDocumented() throws {
    let pages = try ["Operations", "Monitoring", "Deployment", "HTTPAPI"].map {
      try text("Sources/tessera/Tessera.docc/\($0).md")
    }
    .joined()
    for (path, text) in try files() {
      for match in text.matches(of: #/TESSERA_[A-Z_]+[A-Z]/#) where match.0 != "TESSERA_VERSION" {
        let setting = match.0.hasSuffix("_FILE") ? match.0.dropLast("_FILE".count) : match.0
        #expect(pages.contains("`\(setting)") || pages.contains(" \(setting)="), "\(path) sets \(setting)")
      }
    }
  }

  /// A process gives up by itself after 120 s and a moment for handing back; whoever kills earlier makes work be done twice.
  @Test func nobodyKillsAProcessThatIsStillStopping() throws {
    var found = 0
    for (path, text) in try files() {
      for match in text.matches(of: #/(?:TimeoutStopSec=|terminationGracePeriodSeconds: )(\d+)/#) {
        found += 1
        #expect(try #require(Int(match.1)) >= 145, "\(path)")
      }
    }
    #expect(found == 14)
    #expect(try text("Compose/compose.yaml").contains("stop_grace_period: 150s"))
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/dpkg-query"), "needs Debian"))
  func theImageHasEveryLibraryThatTheProgramIsLinkedWith() throws {
    let dockerfile = try text("Compose/Dockerfile")
    let installed = try #require(
      dockerfile.components(separatedBy: "FROM debian:12-slim").last?
        .components(separatedBy: "no-install-recommends").dropFirst().first?.components(separatedBy: "&&").first)
    let packages = Set(installed.split(whereSeparator: { " \\\n".contains($0) }).map(String.init))
    #expect(packages.count > 8)
    // What a package of the list needs, Debian installs with it; the program's own libraries are those that it names itself.
    let needed = try run("/usr/bin/objdump", ["-p", TesseraProcess.executable.path]).output
      .matches(of: #/NEEDED\s+(\S+)/#).map { String($0.1) }
    let paths = try run("/usr/bin/ldd", [TesseraProcess.executable.path]).output
    #expect(needed.count > 8)
    // In every Debian. Swift's own libraries are copied beside the program.
    let base: Set = ["libc6"]
    for library in needed
    where !library.hasPrefix("libswift") && !library.contains("Foundation") && !library.hasPrefix("lib_") {
      let line = try #require(
        paths.split(separator: "\n").first { $0.contains("\(library) =>") || $0.contains("/\(library) ") }, "\(library)"
      )
      guard let path = line.split(separator: " ").first(where: { $0.hasPrefix("/") }), !path.contains("/swift/") else {
        continue
      }
      var owner = ""
      for candidate in [String(path), "/usr" + path, URL(filePath: String(path)).resolvingSymlinksInPath().path]
      where owner.isEmpty {
        let answer = try run("/usr/bin/dpkg-query", ["-S", candidate])
        if answer.code == 0 { owner = String(answer.output.prefix { $0 != ":" && $0 != "," }) }
      }
      #expect(
        packages.contains(owner) || base.contains(owner), "\(library) is in \(owner), which the image doesn't install")
    }
  }

  @Test func linterAndSchemasAreContent() throws {
    let answer = try run(compose.appending(path: "lint").path, [])
    for line in answer.output.split(separator: "\n") where line.hasPrefix("skipped") { print(line) }
    #expect(answer.code == 0, "\(answer.output)")
    #expect(answer.output.contains("good     syntax of shell scripts"))
  }
}
