internal import ArgumentParser

/// What the process's exit code tells a script (after sysexits.h where it has a word for it).
enum ExitCodes {
  /// The arguments are wrong.
  static let usage = ExitCode(64)
  /// Some input is unusable; the others of the same command were processed.
  static let data = ExitCode(65)
  /// A server isn't there.
  static let unavailable = ExitCode(69)
  /// The run that was waited for has failed or was cancelled; `tessera doctor` has found something broken.
  static let failed = ExitCode(70)
  /// It was asked to stop, and can be continued.
  static let interrupted = ExitCode(75)

  struct Meaning: Encodable {
    /// What the shell has in `$?`.
    var code: Int32
    var name: String
    var meaning: String
    /// What a script does about it.
    var next: String
  }

  static let all = [
    Meaning(code: 0, name: "done", meaning: "All that was asked for is done, or was done before.", next: "Go on."),
    Meaning(
      code: usage.rawValue, name: "usage", meaning: "Arguments or settings are wrong; nothing was begun.",
      next: "Correct them; the message names the argument or setting."),
    Meaning(
      code: data.rawValue, name: "data",
      meaning: "Some input is unusable or isn't there; other inputs of the same command were processed.",
      next: "Correct what the message names and run the command again: what is done is skipped or harmless."),
    Meaning(
      code: unavailable.rawValue, name: "unavailable",
      meaning: "A server can't be reached or can't take more now, or its schema isn't this program's.",
      next: "Try again later; tessera doctor --fleet says what is wrong."),
    Meaning(
      code: failed.rawValue, name: "failed",
      meaning:
        "The run that was waited for has failed or was cancelled, or a check (doctor, ledger check, verify, dlq run, chaos) "
        + "has found something broken.",
      next: "Look at what was printed; trying again without a change ends the same way."),
    Meaning(
      code: interrupted.rawValue, name: "interrupted",
      meaning: "A training was asked to stop (SIGTERM, Ctrl-C) and has written its state.",
      next: "Run the same command with -c to go on with it."),
  ]
}
