internal import Foundation
internal import Kernels
internal import ModelStore
internal import UNet
internal import WeightsCache

/// Seconds of each step between the start of a process and its first predicted patch.
struct StartReport: Encodable {
  var engine: String
  var threads: Int
  var weightBytes: Int
  /// Until the command was reached: loading the program, arguments.
  var program = 0.0
  /// Plans of the model, choice of the engine.
  var plans: Double
  /// Looking weights up and checking them; `nil` where no cache was used.
  var lookup: Double?
  /// Reading and transforming them; `nil` where they were found.
  var checkpoint: Double?
  var transform: Double?
  /// Making the executor, and what the first pass took longer than the second: memory is touched for the first time.
  var firstTouches: Double
  /// The patch's own computing.
  var pass: Double
  /// All but the pass.
  var coldStart: Double { program + plans + (lookup ?? 0) + (checkpoint ?? 0) + (transform ?? 0) + firstTouches }

  /// For people.
  var steps: [(String, Double)] {
    let steps: [(String, Double?)] = [
      ("program", program), ("plans", plans), ("transformed weights: look up, check", lookup),
      ("checkpoint: read", checkpoint), ("weights: transform", transform), ("memory: first touches", firstTouches),
      ("cold start", coldStart), ("the patch itself", pass),
    ]
    return steps.compactMap { step, seconds in seconds.map { (step, $0) } }
  }

  /// - Throws: `ModelStoreError`, `NetworkExecutionError`, `EngineRequestError`; `WeightsCacheError` when weights can't be kept.
  static func measure(
    folder: URL, engine request: EngineRequest, threads: Int, cache: WeightsCache?
  ) throws -> StartReport {
    let clock = ContinuousClock()
    func timed<Result>(_ work: () throws -> Result) rethrows -> (Result, Double) {
      let start = clock.now
      let result = try work()
      return (result, (clock.now - start) / .seconds(1))
    }
    // A worker knows it from the model's manifest.
    let opened = try TrainedModel.open(folder: folder)
    let checkpoint = try ModelManifest(of: opened).checkpointDigest(of: opened.folds[0])

    let ((model, engine, pool), plans) = try timed {
      let model = try TrainedModel.open(folder: folder)
      let engine = try NetworkEngine.candidates(request, description: model.network)[0]
      return (model, engine, ComputePool(threads: threads))
    }
    let key = try checkpoint.flatMap { try WeightsKey(checkpoint: $0, engine: engine) }
    var prepared: PreparedWeights?
    var report = StartReport(
      engine: engine.identity.description, threads: threads, weightBytes: try engine.weightBytes(), plans: plans,
      firstTouches: 0, pass: 0)
    if let cache, let key {
      let (finding, seconds) = try timed { try cache.find(key, for: engine, pool: pool) }
      report.lookup = seconds
      if case .found(let weights) = finding { prepared = weights }
    }
    if prepared == nil {
      let (values, reading) = try timed { try model.weights(fold: model.folds[0]) }
      let (weights, transform) = try timed { try engine.prepare(values, pool: pool) }
      (report.checkpoint, report.transform) = (reading, transform)
      prepared = weights
      if let cache, let key { try cache.store(weights, key) }
    }
    guard let prepared else { return report }

    let description = engine.description
    let voxels = description.patch.reduce(1, *)
    let patch = (0..<description.inputChannels * voxels).map { Float($0 % 251) / 251 }
    var sum = [Float](repeating: 0, count: description.outputChannels * voxels)
    func pass(_ executor: any NetworkExecutor) throws {
      try patch.withUnsafeBufferPointer { patch in
        try sum.withUnsafeMutableBufferPointer {
          try executor.accumulate(patch, mirrored: .none, weight: 1, into: $0)
        }
      }
    }
    let (executor, first) = try timed {
      let executor = try engine.makeExecutor(
        prepared, pool: pool, workspace: try engine.makeWorkspace(threads: pool.threads))
      try pass(executor)
      return executor
    }
    report.pass = try timed { try pass(executor) }.1
    report.firstTouches = first - report.pass
    return report
  }

  private enum CodingKeys: CodingKey {
    case engine, threads, weightBytes, program, plans, lookup, checkpoint, transform, firstTouches, pass, coldStart
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(engine, forKey: .engine)
    try container.encode(threads, forKey: .threads)
    try container.encode(weightBytes, forKey: .weightBytes)
    try container.encode(program, forKey: .program)
    try container.encode(plans, forKey: .plans)
    try container.encodeIfPresent(lookup, forKey: .lookup)
    try container.encodeIfPresent(checkpoint, forKey: .checkpoint)
    try container.encodeIfPresent(transform, forKey: .transform)
    try container.encode(firstTouches, forKey: .firstTouches)
    try container.encode(pass, forKey: .pass)
    try container.encode(coldStart, forKey: .coldStart)
  }
}
