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
}
