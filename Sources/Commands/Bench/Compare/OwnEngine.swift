internal import ArgumentParser
internal import Foundation
internal import Kernels
internal import UNet

/// One of Tessera's engines on the command line: `winograd`, `winograd:avx2`.
struct OwnEngine: ExpressibleByArgument {
  let engine: EngineChoice
  var instructionSet: InstructionSet?

  init(engine: EngineChoice, instructionSet: InstructionSet? = nil) {
    self.engine = engine
    self.instructionSet = instructionSet
  }

  init?(argument: String) {
    let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let engine = EngineChoice(rawValue: parts[0]) else { return nil }
    self.engine = engine
    guard parts.count == 2 else { return }
    let found = InstructionSet.allCases.first { $0.description == parts[1] }
    // OpenBLAS chooses for itself.
    guard let found, engine != .blas else { return nil }
    instructionSet = found
  }

  var defaultValueDescription: String { engine.rawValue + (instructionSet.map { ":\($0)" } ?? "") }

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
      executable: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
      arguments: ["bench", "forward", "--json", "--model", model, "--threads", "\(threads)", "--runs", "\(runs)"]
        + ["--engine", engine.rawValue] + (instructionSet.map { ["--isa", "\($0)"] } ?? []),
      name: "tessera bench forward")
    let report = try program.answer(Report.self)
    let openBLAS = report.openBlasCore == EngineIdentity.noOpenBLAS ? "" : ", OpenBLAS \(report.openBlasCore)"
    return EngineTimes(
      engine: "\(report.engine) \(report.instructionSet)", version: SoftwareVersion.current + openBLAS,
      passes: report.passes, gflop: report.gflop, relativeError: report.relativeError,
      peakMemoryBytes: report.peakMemoryBytes)
  }
}
