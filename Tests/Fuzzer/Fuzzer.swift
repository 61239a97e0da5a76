internal import CLibFuzzer
internal import Foundation
internal import FuzzTargets

/// Takes the arguments of libFuzzer, and the target's name from TESSERA_FUZZ_TARGET, since libFuzzer starts itself again with its
/// own arguments. Built only with TESSERA_FUZZ=1, by Compose/fuzz.
@main struct Fuzzer {
  /// `nonisolated(unsafe)` is right because they are set before libFuzzer's loop, which runs on one thread.
  private nonisolated(unsafe) static var target = FuzzTarget.pickle
  private nonisolated(unsafe) static var session: FuzzSession?

  static func main() throws {
    let name = getenv("TESSERA_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let named = FuzzTarget(rawValue: name) else {
      let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
      fatalError("TESSERA_FUZZ_TARGET must be one of \(names), found '\(name)'.")
    }
    target = named
    session = try FuzzSession()
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    _ = LLVMFuzzerRunDriver(&count, &arguments) { data, size in
      guard let session = Fuzzer.session else { return -1 }
      let report = session.read(Array(UnsafeBufferPointer(start: data, count: size)), as: Fuzzer.target)
      guard report.complaints.isEmpty else { fatalError(report.complaints.joined(separator: "\n")) }
      return 0
    }
  }
}
