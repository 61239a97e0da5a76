internal import ArgumentParser
internal import Foundation

/// How many cases are worked on at a time.
struct CaseOptions: ParsableArguments {
  @Option(help: "Cases at a time; memory grows with it. Default: all processors. The result doesn't depend on it.")
  var threads: Int?

  var count: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

  func validate() throws {
    if let threads {
      guard threads >= 1, threads <= 1024 else {
        throw ValidationError("--threads must be from 1 to 1024, it is \(threads).")
      }
    }
  }
}
