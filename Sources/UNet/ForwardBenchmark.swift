internal import Kernels
public import ModelPlans

/// Times forward passes of one network, as `tessera bench forward` reports them.
public enum ForwardBenchmark {
  /// One warm-up pass, then `runs` timed passes.
  /// - Parameters:
  ///   - engine: what computes.
  ///   - threads: of the pool; also the calling thread counts.
  ///   - runs: at least 1.
  ///   - input: `[channel, z, y, x]`; zeros when empty.
  ///   - reference: logits to compare with, `[class, z, y, x]`; none when empty.
  ///   - measuresPeak: whether what the machine does at best is measured too, for each layer's share of it.
  /// - Throws: `NetworkExecutionError`, and what `weights` throws.
  public static func run(
    engine: NetworkEngine, weights: some NetworkWeights, threads: Int, runs: Int, input: [Float] = [],
    reference: [Float] = [], measuresPeak: Bool = false
  ) throws -> ForwardBenchmarkReport {
    let pool = ComputePool(threads: threads)
    let description = engine.description
    let workspace = try engine.makeWorkspace(threads: pool.threads)
    let executor = try engine.makeObserved(weights: weights, pool: pool, workspace: workspace)

    let voxels = description.patch.reduce(1, *)
    let patch = input.isEmpty ? [Float](repeating: 0, count: description.inputChannels * voxels) : input
    var logits = [Float](repeating: 0, count: description.outputChannels * voxels)
    if !reference.isEmpty, reference.count != logits.count {
      throw NetworkExecutionError.wrongSize(
        what: "the reference logits", expected: logits.count, found: reference.count)
    }

    let clock = ContinuousClock()
    var layers = LayerTimes()
    executor.afterLayer = { layers.record($0) }
    var times: [Double] = []
    for run in 0...max(runs, 1) {
      layers.startPass()
      let time = try clock.measure {
        try patch.withUnsafeBufferPointer { patch in
          try logits.withUnsafeMutableBufferPointer { try executor.forward(patch, into: $0) }
        }
      }
      if run > 0 { times.append(time / .seconds(1)) }  // the first pass touches the memory
    }

    let peak =
      measuresPeak
      ? InstructionSet.allCases.first { $0.description == executor.identity.features.instructionSet }
        .flatMap { MachinePeak.measure($0, pool: pool) } : nil
    let rows = rows(layers, executor, peak)
    let seconds = median(times)
    let gflop = description.forwardOperations / 1e9
    let difference =
      reference.isEmpty ? nil : zip(logits, reference).reduce(Float(0)) { largest($0, abs($1.0 - $1.1)) }
    return ForwardBenchmarkReport(
      engine: executor.identity.engine, instructionSet: executor.identity.features.instructionSet,
      openBLASCore: executor.identity.features.openBLASCore, threads: pool.threads, runs: times.count,
      passes: times, seconds: seconds, gflop: gflop, gflops: gflop / seconds, largestDifference: difference,
      relativeError: reference.isEmpty ? nil : EngineCheck.relativeError(logits, reference),
      workspaceBytes: workspace.bytes,
      weightBytes: try engine.weightBytes(), peak: peak, layers: rows, total: .sum(of: rows, peak: peak))
  }

  /// The medians of the layers beside what they cost.
  private static func rows(
    _ times: LayerTimes, _ executor: any ObservedExecutor, _ peak: MachinePeak?
  ) -> [ForwardBenchmarkReport.Layer] {
    let layers = times.medians.map { layer, seconds in (layer, seconds, executor.cost(of: layer)) }
    let allWeightBytes = layers.reduce(0) { $0 + ($1.2?.weightBytes ?? 0) }
    return layers.map { layer, seconds, cost in
      .init(
        name: layer.name, method: executor.method(of: layer), seconds: seconds,
        gflop: executor.layers(in: layer).reduce(0) { $0 + executor.description.operations(of: $1) } / 1e9,
        arithmeticGflop: (cost?.arithmetic ?? 0) / 1e9,
        memoryBytes: cost?.memoryBytes(allWeightBytes: allWeightBytes) ?? 0, peak: peak)
    }
  }

  /// The middle of at least one value, or the mean of both.
  public static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// The greater one; NaN counts as the greatest number (JSON has no NaN), so that a broken result doesn't look like a good one.
  private static func largest(_ a: Float, _ b: Float) -> Float {
    b.isNaN ? .greatestFiniteMagnitude : max(a, b)
  }
}

extension ForwardBenchmarkReport.Layer {
  fileprivate init(
    name: String, method: String, seconds: Double, gflop: Double, arithmeticGflop: Double, memoryBytes: Int,
    peak: MachinePeak?
  ) {
    self.init(
      name: name, method: method, seconds: seconds, gflop: gflop, gflops: gflop / seconds,
      arithmeticGflop: arithmeticGflop, arithmeticGflops: arithmeticGflop / seconds,
      shareOfPeak: peak.map { arithmeticGflop / seconds / $0.gflops }, memoryBytes: memoryBytes,
      arithmeticFloorSeconds: peak.map { arithmeticGflop / $0.gflops },
      memoryFloorSeconds: peak.map { Double(memoryBytes) / 1e9 / $0.gigabytesPerSecond })
  }

  fileprivate static func sum(of layers: [Self], peak: MachinePeak?) -> Self {
    .init(
      name: "total", method: "", seconds: layers.reduce(0) { $0 + $1.seconds },
      gflop: layers.reduce(0) { $0 + $1.gflop }, arithmeticGflop: layers.reduce(0) { $0 + $1.arithmeticGflop },
      memoryBytes: layers.reduce(0) { $0 + $1.memoryBytes }, peak: peak)
  }
}

/// The seconds of each layer in each timed pass.
private struct LayerTimes {
  private var order: [NetworkLayer] = []
  private var seconds: [NetworkLayer: [Double]] = [:]
  private var passes = 0
  private var last = ContinuousClock.now

  mutating func startPass() {
    passes += 1
    last = .now
  }

  mutating func record(_ layer: NetworkLayer) {
    let now = ContinuousClock.now
    defer { last = now }
    guard passes > 1 else { return order.append(layer) }  // the warm-up pass
    seconds[layer, default: []].append((now - last) / .seconds(1))
  }

  var medians: [(NetworkLayer, Double)] { order.map { ($0, ForwardBenchmark.median(seconds[$0] ?? [0])) } }
}
