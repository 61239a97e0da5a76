public import Digests

/// What the fleet still has to compute of one class and one model: what scaling and forecasts rest on.
public struct OutstandingWork: Hashable, Sendable, Codable {
  public var runClass: RunClass
  /// The model's name at present.
  public var model: String
  /// Tiles that are planned and have no result.
  public var tiles: Int
  /// Passes whose tiles aren't planned yet.
  public var unplannedPasses: Int
  /// Seconds that one worker slot would need for all of it: predicted operations times measured seconds per operation. Passes that aren't
  /// planned count as much as the model's earlier ones did on average, and nothing where there were none.
  public var seconds: Double
  /// Whether tiles of this very model have been measured; otherwise the seconds rest on other models, or on `ModelSpeed.nominal`.
  public var isMeasured: Bool

  public init(
    runClass: RunClass, model: String, tiles: Int, unplannedPasses: Int, seconds: Double, isMeasured: Bool
  ) {
    self.runClass = runClass
    self.model = model
    self.tiles = tiles
    self.unplannedPasses = unplannedPasses
    self.seconds = seconds
    self.isMeasured = isMeasured
  }
}

/// How long a worker slot takes for the operations that a model's tiles were predicted to need, over all engines of the fleet, each in
/// proportion to the tiles that it computes.
public struct ModelSpeed: Hashable, Sendable, Codable {
  /// Seconds of a slot (fetching, computing and storing) for each floating-point operation, on average over the tiles measured.
  public var secondsPerOperation: Double
  /// Standard deviation of the same from tile to tile.
  public var deviation: Double
  /// The same that 99 of 100 tiles stay below.
  public var slowest: Double
  /// Tiles measured.
  public var tiles: Int

  public init(secondsPerOperation: Double, deviation: Double, slowest: Double, tiles: Int) {
    self.secondsPerOperation = secondsPerOperation
    self.deviation = deviation
    self.slowest = slowest
    self.tiles = tiles
  }

  /// What is assumed as long as nothing has been measured: 50 billion operations a second, a slot of a few cores.
  public static let nominal = ModelSpeed(secondsPerOperation: 2e-11, deviation: 1e-11, slowest: 6e-11, tiles: 0)

  /// The speed of one model's tiles from measurements.
  /// - Parameter measured: seconds per operation of each tile; `nil` is returned when there are none.
  public init?(_ measured: [Double]) {
    guard !measured.isEmpty else { return nil }
    let count = Double(measured.count)
    let mean = measured.reduce(0, +) / count
    let variance = measured.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, count - 1)
    self.init(
      secondsPerOperation: mean, deviation: variance.squareRoot(),
      slowest: Percentile.value(0.99, of: measured.sorted()), tiles: measured.count)
  }
}

/// What is known of models for forecasts.
public struct FleetSpeeds: Hashable, Sendable {
  public var models: [Digest: ModelSpeed]
  /// Operations that a whole pass of a model has needed on average, for passes that aren't planned yet.
  public var passOperations: [Digest: Double]

  public init(models: [Digest: ModelSpeed], passOperations: [Digest: Double]) {
    self.models = models
    self.passOperations = passOperations
  }

  /// The model's own speed, or else the mean of all models measured, or else the nominal one.
  public func speed(of model: Digest) -> ModelSpeed {
    if let own = models[model] { return own }
    guard !models.isEmpty else { return .nominal }
    let count = Double(models.count)
    return ModelSpeed(
      secondsPerOperation: models.values.reduce(0) { $0 + $1.secondsPerOperation } / count,
      deviation: models.values.reduce(0) { $0 + $1.deviation } / count,
      slowest: models.values.map(\.slowest).max() ?? 0, tiles: 0)
  }
}

/// Forecasts of the work that waits.
public protocol WorkForecasting: Sendable {
  /// What was measured lately, by model.
  func speeds() async throws -> FleetSpeeds
  /// Outstanding work by class and model, sorted by both; nothing of runs that are over.
  func outstandingWork() async throws -> [OutstandingWork]
}

extension OutstandingWork {
  /// One pass of a run that goes on.
  public struct Pass: Hashable, Sendable {
    public var runClass: RunClass
    public var model: Digest
    public var modelName: String
    /// Tiles without a result; `nil` when they aren't planned yet.
    public var tiles: Int?
    /// Floating-point operations that each of them was predicted to need.
    public var tileOperations: Double

    public init(runClass: RunClass, model: Digest, modelName: String, tiles: Int?, tileOperations: Double) {
      self.runClass = runClass
      self.model = model
      self.modelName = modelName
      self.tiles = tiles
      self.tileOperations = tileOperations
    }
  }

  /// Sums passes up by class and model.
  public static func tally(_ passes: [Pass], _ speeds: FleetSpeeds) -> [OutstandingWork] {
    struct Key: Hashable {
      var runClass: RunClass
      var model: Digest
    }
    var sums: [Key: OutstandingWork] = [:]
    for pass in passes {
      var sum =
        sums[Key(runClass: pass.runClass, model: pass.model)]
        ?? OutstandingWork(
          runClass: pass.runClass, model: pass.modelName, tiles: 0, unplannedPasses: 0, seconds: 0,
          isMeasured: speeds.models[pass.model] != nil)
      let operations: Double
      if let tiles = pass.tiles {
        sum.tiles += tiles
        operations = Double(tiles) * pass.tileOperations
      } else {
        sum.unplannedPasses += 1
        operations = speeds.passOperations[pass.model] ?? 0
      }
      sum.seconds += operations * speeds.speed(of: pass.model).secondsPerOperation
      sums[Key(runClass: pass.runClass, model: pass.model)] = sum
    }
    return sums.values.filter { $0.tiles + $0.unplannedPasses > 0 }
      .sorted { ($0.runClass, $0.model) < ($1.runClass, $1.model) }
  }
}
