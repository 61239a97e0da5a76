internal import Foundation

/// The engines that `Tests/Peers/forward.py` runs, by the protocol that it describes: a program that lists engines, and times one of them,
/// and prints a JSON object as its last line.
struct ForwardPeers {
  private let python: String
  private static let script = "Tests/Peers/forward.py"

  /// - Parameter python: what runs the script.
  /// - Throws: `InputError` when the script isn't here.
  init(python: String) throws {
    guard FileManager.default.fileExists(atPath: Self.script) else {
      throw InputError(
        "--peer needs \(Self.script), which isn't here; run the command from the top folder of a checkout.")
    }
    self.python = python
  }

  private struct Engines: Decodable {
    var engines: [Engine]

    struct Engine: Decodable {
      var name: String
      var version: String?
      /// Why it can't run.
      var missing: String?
    }
  }

  private struct Times: Decodable {
    var passes: [Double]
    var relativeError: Double?
    var peakMemoryBytes: Int?
  }

  /// Which engines there are.
  /// - Throws: `InputError` when the program doesn't run or says something else.
  func find() throws -> [PeerEngine] {
    try program(["list"], threads: 1).answer(Engines.self).engines.map {
      PeerEngine(name: $0.name, version: $0.version ?? "", missing: $0.missing, peers: self)
    }
  }

  /// Runs one of them in a process of its own.
  /// - Throws: `InputError`.
  func measure(_ engine: PeerEngine, model: String, threads: Int, runs: Int) throws -> EngineTimes {
    let arguments = ["run", engine.name, model, "--threads", "\(threads)", "--runs", "\(runs)"]
    let times = try program(arguments, threads: threads).answer(Times.self)
    guard !times.passes.isEmpty, times.passes.allSatisfy({ $0 > 0 }) else {
      throw InputError("The peer \(engine.name) was asked for the seconds of \(runs) passes and told none.")
    }
    return EngineTimes(
      engine: engine.name, version: engine.version, passes: times.passes, relativeError: times.relativeError,
      peakMemoryBytes: times.peakMemoryBytes)
  }

  private func program(_ arguments: [String], threads: Int) -> ChildProgram {
    ChildProgram(
      executable: "/usr/bin/env", arguments: ["OMP_NUM_THREADS=\(threads)", python, Self.script] + arguments,
      name: python)
  }
}

/// One engine of the peers.
struct PeerEngine {
  let name: String
  let version: String
  /// Why it can't run; `nil` when it can.
  let missing: String?
  let peers: ForwardPeers
}
