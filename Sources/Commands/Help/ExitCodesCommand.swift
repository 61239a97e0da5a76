internal import ArgumentParser

/// `tessera exit-codes`, which `tessera help exit-codes` shows as well.
struct ExitCodesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exit-codes",
    abstract: "Says what the exit codes mean and what a script does about each.",
    discussion: """
      \(ExitCodes.all.map { "\($0.code)  \($0.name): \($0.meaning) \($0.next)" }.joined(separator: "\n"))

      A process that a signal N ended has 128 + N, as in every shell.

        tessera exit-codes
        tessera submit brain.nii.gz --model brain --wait; echo $?
      """)

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    try await Failures.reported {
      if json { return try Output.json(ExitCodes.all) }
      var table = TextTable([("code", .right), ("name", .left), ("meaning", .left), ("next", .left)])
      for code in ExitCodes.all { table.add(["\(code.code)", code.name, code.meaning, code.next]) }
      Output.line(table.rendered())
    }
  }
}
