internal import UNet

/// What `tessera bench compare` found. Its JSON is what `--json` prints.
struct Comparison: Encodable {
  var machine: MachineSummary
  /// The model's folder, as given.
  var model: String
  var rounds: Int
  /// Timed passes of each process.
  var runs: Int
  /// 1e9 operations of a pass, counted as direct convolution.
  var gflop: Double
  /// Peers that didn't run.
  var leftOut: [Absence]
  /// One for each number of threads.
  var tables: [Table]

  struct Absence: Encodable {
    var engine: String
    var reason: String
  }

  struct Table: Encodable {
    var threads: Int
    /// Ours first.
    var engines: [Row]
  }

  /// One engine.
  struct Row: Encodable {
    var engine: String
    var version: String
    var isOurs: Bool
    /// Medians of all passes of all rounds.
    var seconds: Double
    var fastest: Double
    var slowest: Double
    /// The pass's operations, counted as direct convolution, per second.
    var gflops: Double
    /// `seconds` over those of each of our engines, in their order.
    var ratios: [Ratio]
    /// The seconds of the first table's number of threads over these; none in the first table.
    var gain: Double?
    var relativeError: Double?
    /// The largest of all its processes.
    var peakMemoryBytes: Int?
  }

  struct Ratio: Encodable {
    /// One of ours.
    var over: String
    var ratio: Double
  }

  init(
    machine: MachineSummary, model: String, rounds: Int, runs: Int, leftOut: [Absence],
    measured: [(threads: Int, engines: [(isOurs: Bool, measurements: [EngineTimes])])]
  ) {
    self.machine = machine
    self.model = model
    self.rounds = rounds
    self.runs = runs
    self.leftOut = leftOut
    let gflop = measured.lazy.flatMap(\.engines).flatMap(\.measurements).compactMap(\.gflop).first ?? 0
    self.gflop = gflop
    var tables: [Table] = []
    for (threads, engines) in measured {
      var rows = engines.compactMap { Row($0.measurements, isOurs: $0.isOurs, gflop: gflop) }
      let ours = rows.filter(\.isOurs)
      for place in rows.indices {
        let row = rows[place]
        rows[place].ratios = ours.map { Ratio(over: $0.engine, ratio: row.seconds / $0.seconds) }
        rows[place].gain = tables.first?.engines.first { $0.engine == row.engine }.map { $0.seconds / row.seconds }
      }
      tables.append(Table(threads: threads, engines: rows))
    }
    self.tables = tables
  }
}

extension Comparison.Row {
  /// `nil` without measurements.
  fileprivate init?(_ measurements: [EngineTimes], isOurs: Bool, gflop: Double) {
    let passes = measurements.flatMap(\.passes)
    guard let first = measurements.first, let fastest = passes.min(), let slowest = passes.max() else { return nil }
    let seconds = ForwardBenchmark.median(passes)
    self.init(
      engine: first.engine, version: first.version, isOurs: isOurs, seconds: seconds, fastest: fastest,
      slowest: slowest,
      gflops: gflop / seconds, ratios: [], relativeError: first.relativeError,
      peakMemoryBytes: measurements.compactMap(\.peakMemoryBytes).max())
  }
}
