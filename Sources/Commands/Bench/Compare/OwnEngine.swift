internal import ArgumentParser
internal import UNet

/// One of Tessera's engines on the command line: `winograd`, `winograd:avx2`.
struct OwnEngine: ExpressibleByArgument {
  let request: EngineRequest

  init(_ request: EngineRequest) { self.request = request }

  /// `nil` for a word that is none, or an instruction set that can't be asked of the engine.
  init?(argument: String) {
    let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    do {
      request = EngineRequest(
        try EngineWord.choice(parts[0]), instructionSet: try parts.dropFirst().first.map(EngineWord.instructionSet))
      try request.check()
    } catch {
      return nil
    }
  }

  var defaultValueDescription: String {
    request.choice.rawValue + (request.instructionSet.map { ":\($0)" } ?? "")
  }

  /// What is wanted of `ForwardBenchmarkReport`'s JSON.
  private struct Report: Decodable {
    var engine: String
    var instructionSet: String
    var openBlasCore: String
    var passes: [Double]
    var gflop: Double
    var relativeError: Double?
    var peakMemoryBytes: Int?
  }

  /// Runs `tessera bench forward` in a process of its own.
  /// - Throws: `InputError`.
  func measure(model: String, threads: Int, runs: Int) throws -> EngineTimes {
    let program = ChildProgram(
      executable: try ProgramLocation.executable().path,
      arguments: ["bench", "forward", "--json", "--model", model, "--threads", "\(threads)", "--runs", "\(runs)"]
        + ["--engine", request.choice.rawValue] + (request.instructionSet.map { ["--isa", "\($0)"] } ?? []),
      name: "tessera bench forward")
    let report = try program.answer(Report.self)
    let openBLAS = report.openBlasCore == EngineIdentity.noOpenBLAS ? "" : ", OpenBLAS \(report.openBlasCore)"
    return EngineTimes(
      engine: "\(report.engine) \(report.instructionSet)", version: SoftwareVersion.current + openBLAS,
      passes: report.passes, gflop: report.gflop, relativeError: report.relativeError,
      peakMemoryBytes: report.peakMemoryBytes)
  }
}
