internal import ArgumentParser

/// `tessera manual`
struct ManualCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual",
    abstract: "Prints the manual page, for man.",
    discussion: """
      Made from the same commands, settings and exit codes as this help.

        tessera manual > ~/.local/share/man/man1/tessera.1
        tessera manual | man -l -
      """)

  func run() async throws {
    try await Failures.reported { Output.line(String(try ManualPage().roff.dropLast())) }
  }
}
