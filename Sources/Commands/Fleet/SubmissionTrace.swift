internal import ArgumentParser
internal import FleetContracts
internal import Foundation

/// The trace that a submission belongs to.
enum SubmissionTrace {
  /// From the command line.
  static func given(_ text: String) throws -> TraceContext {
    guard let trace = TraceContext(text) else {
      throw ValidationError(
        "\(text) isn't a traceparent; expected something like 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.")
    }
    return trace
  }

  /// What `TRACEPARENT` says; a new trace where it says nothing, or nothing that can be read.
  static func ofEnvironment() -> TraceContext {
    ProcessInfo.processInfo.environment["TRACEPARENT"].flatMap { TraceContext($0) } ?? TraceContext()
  }
}
