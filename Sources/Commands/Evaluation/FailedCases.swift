internal import LabelFolders

/// Cases that failed beside others that didn't: named on standard error, and the process's exit code says so.
enum FailedCases {
  /// - Throws: `ExitCodes.data` when there is one.
  static func report(_ failed: [FailedCase], of total: Int) throws {
    guard !failed.isEmpty else { return }
    for item in failed { Output.note("\(item.name): \(item.reason)") }
    Output.note("\(failed.count) of \(total) cases failed: \(failed.map(\.name).joined(separator: ", "))")
    throw ExitCodes.data
  }
}
