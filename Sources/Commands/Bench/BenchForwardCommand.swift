internal import ArgumentParser
internal import Foundation
internal import Inference
internal import ModelStore
internal import UNet

/// `tessera bench forward`
struct BenchForwardCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forward", abstract: "Times one forward pass of a model's network on one patch.",
    discussion: """
      GFLOP are counted as direct convolution, whatever the engine does. Where the folder holds input.f32 and logits.f32 (one forward pass,
      float32, C order), the largest difference of the logits is told too. With --layers, each layer's arithmetic as the engine really
      does it, its share of what this machine does at best (measured on the spot), and what the layer would take at that peak and for moving,
      at the measured rate of memory, the bytes that fit no cache.

        tessera bench forward --model MODEL_DIR --threads 2 --layers
        tessera bench forward --model MODEL_DIR --engine winograd --isa avx2 --json
      """)

  @Option(help: ArgumentHelp("A trained model's folder.", valueName: "dir"), completion: .directory)
  var model: String

  @Option(help: "Compute threads. Default: all processors.")
  var threads: Int?

  @OptionGroup var engine: EngineOptions

  @Option(help: "Timed passes, after one that isn't; the median counts.")
  var runs = 5

  @Flag(help: "Also show each layer, and measure the machine's peak.")
  var layers = false

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard runs >= 1, threads ?? 1 >= 1, threads ?? 1 <= 1024 else {
      throw ValidationError("--runs and --threads must be at least 1.")
    }
  }

  func run() async throws {
    try await Failures.reported {
      let folder = URL(filePath: model)
      let trained = try TrainedModel.open(folder: folder)
      guard let fold = trained.folds.first else { throw InputError("The model in \(model) has no folds.") }
      var report = try ForwardBenchmark.run(
        engine: try NetworkEngine.candidates(engine.request, description: trained.network)[0],
        weights: try trained.weights(fold: fold),
        threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, runs: runs,
        input: try floats(folder.appending(path: "input.f32")) ?? [],
        reference: try floats(folder.appending(path: "logits.f32")) ?? [], measuresPeak: layers)
      if !layers { report.peakMemoryBytes = PeakMemory.bytes }  // measuring the peak takes memory of its own
      if json { return try Output.json(report) }
      show(report)
    }
  }

  /// The float32 values of a file, or `nil` where there is none.
  private func floats(_ file: URL) throws -> [Float]? {
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let data = try Data(contentsOf: file)
    guard data.count % MemoryLayout<Float>.stride == 0 else {
      throw InputError("\(file.path) has \(data.count) bytes, not a whole number of float32 values; make it again.")
    }
    return data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  private func show(_ report: ForwardBenchmarkReport) {
    Output.line(
      "\(report.engine), \(report.instructionSet), OpenBLAS \(report.openBLASCore), \(report.threads) thread(s): "
        + "\(Formats.number(report.seconds, digits: 4)) s, \(Formats.number(report.gflop, digits: 1)) GFLOP, "
        + "\(Formats.number(report.gflops, digits: 1)) GFLOP/s")
    Output.line(
      "memory: activations \(report.workspaceBytes >> 20) MiB, weights \(report.weightBytes >> 20) MiB"
        + (report.peakMemoryBytes.map { ", peak of the process \($0 >> 20) MiB" } ?? ""))
    if let difference = report.largestDifference, let error = report.relativeError {
      Output.line("difference of the logits: at most \(difference), relative \(Float(error))")
    }
    if layers { Output.line(report.layerTable()) }
  }
}
