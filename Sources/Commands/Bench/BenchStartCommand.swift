internal import ArgumentParser
internal import Foundation
internal import ModelStore

/// `tessera bench start`
struct BenchStartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Times what a process does before its first patch is predicted, step by step.",
    discussion: """
      The steps are those of a worker that has a tile in hand and the model's files at hand. The cold start is all of it without the
      patch's own computing, which is taken to be that of a second pass. Run it twice: the first call warms the file cache and keeps
      the transformed weights for the second.

        tessera bench start --model MODEL_DIR --threads 2
        tessera bench start --model MODEL_DIR --threads 2 --weights-cache none
      """)

  @Option(help: ArgumentHelp("A trained model's folder.", valueName: "dir"), completion: .directory)
  var model: String

  @Option(help: "Compute threads. Default: all processors.")
  var threads: Int?

  @OptionGroup var engine: EngineOptions
  @OptionGroup var weights: WeightsCacheOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard threads ?? 1 >= 1, threads ?? 1 <= 1024 else { throw ValidationError("--threads must be at least 1.") }
  }

  func run() async throws {
    let program = ProcessAge.seconds
    try await Failures.reported {
      let settings = try await FleetSettings.read(flags: weights.flags)
      var report = try StartReport.measure(
        folder: URL(filePath: model), engine: engine.request,
        threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, cache: settings.weights.cache)
      report.program = program
      if json { return try Output.json(report) }
      Output.line("\(report.engine), \(report.threads) thread(s), weights \(report.weightBytes >> 20) MiB")
      var table = TextTable([("step", .left), ("s", .right)])
      for (step, seconds) in report.steps { table.add([step, Formats.number(seconds, digits: 3)]) }
      Output.line(table.rendered())
    }
  }
}

/// How long this process has been running.
enum ProcessAge {
  /// Seconds since the process was started, to 10 ms; 0 where the system doesn't tell (proc(5), /proc/pid/stat).
  static var seconds: Double {
    let fields = ((try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8)) ?? "").split(separator: ")").last?
      .split(separator: " ")
    let startTime = 19  // the 22nd field; the first two end with the bracket
    guard let fields, fields.count > startTime, let ticks = Double(fields[startTime]) else { return 0 }
    var now = timespec()
    clock_gettime(CLOCK_BOOTTIME, &now)
    return max(0, Double(now.tv_sec) + Double(now.tv_nsec) / 1e9 - ticks / Double(sysconf(Int32(_SC_CLK_TCK))))
  }
}
