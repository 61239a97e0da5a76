internal import ArgumentParser
internal import Foundation
internal import Inference
internal import Volumes

/// `tessera bench resample`
struct BenchResampleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resample", abstract: "Times the cubic resampling of a synthetic image.",
    discussion: """
      The peer is skimage.transform.resize, which nnU-Net calls, on the same image and one core.

        tessera bench resample --extent 300x512x512 --spacing 1x0.78x0.78 --to 1.5x1.5x1.5 --peer python3
      """)

  @Option(help: ArgumentHelp("The image, voxels.", valueName: "ZxYxX"))
  var extent = ExtentArgument(Extent(z: 300, y: 512, x: 512))

  @Option(help: ArgumentHelp("The image's spacing, mm.", valueName: "ZxYxX"))
  var spacing = SpacingArgument(Spacing(z: 1, y: 0.78, x: 0.78))

  @Option(help: ArgumentHelp("The spacing that it is resampled to, mm.", valueName: "ZxYxX"))
  var to = SpacingArgument(Spacing(z: 1.5, y: 1.5, x: 1.5))

  @Option(help: "Timed runs; the median counts.")
  var runs = 3

  @OptionGroup var options: BenchOptions

  /// What the peer prints.
  private struct PeerAnswer: Codable {
    var seconds: Double
    var cpuSeconds: Double
    /// The largest absolute difference from our result.
    var largestDifference: Double
    /// Largest minus least value of the image.
    var valueRange: Double
    var version: String
  }

  private struct Answer: Encodable {
    var tessera: ResamplingBenchmark.Report
    var peer: PeerAnswer?
    /// The peer's seconds by ours.
    var ratio: Double?
    /// The peer's processor time by ours.
    var cpuRatio: Double?
    /// In parts of the image's range.
    var relativeDifference: Double?
  }

  func validate() throws {
    guard runs >= 1 else { throw ValidationError("--runs must be at least 1.") }
  }

  func run() async throws {
    try await Failures.reported {
      let benchmark = ResamplingBenchmark(extent: extent.extent, spacing: spacing.spacing, target: to.spacing)
      guard let python = options.peer else {
        return try show(Answer(tessera: try benchmark.run(threads: options.threads, runs: runs)))
      }
      try Peer.withFolder { folder in
        let report = try benchmark.run(threads: options.threads, runs: runs, folder: folder)
        let peer = try Peer(script: "resample", python: python).run(
          [folder.path] + (report.extent.lengths + report.resampledExtent.lengths).map(String.init), as: PeerAnswer.self
        )
        try show(
          Answer(
            tessera: report, peer: peer, ratio: peer.seconds / report.seconds,
            cpuRatio: peer.cpuSeconds / report.cpuSeconds,
            relativeDifference: peer.largestDifference / peer.valueRange))
      }
    }
  }

  private func show(_ answer: Answer) throws {
    if options.json { return try Output.json(answer) }
    let report = answer.tessera
    Output.line(
      "\(report.extent) to \(report.resampledExtent), \(report.instructionSet), \(report.threads) thread(s): "
        + "\(Formats.number(report.seconds, digits: 3)) s, \(Formats.number(report.cpuSeconds, digits: 3)) s of processor time, "
        + "peak \(Formats.bytes(report.peakMemoryBytes))")
    if let peer = answer.peer, let ratio = answer.ratio, let cpuRatio = answer.cpuRatio,
      let difference = answer.relativeDifference
    {
      Output.line(
        "\(peer.version): \(Formats.number(peer.seconds, digits: 2)) s, \(Formats.number(ratio, digits: 1)) times ours; "
          + "processor time \(Formats.number(peer.cpuSeconds, digits: 2)) s, \(Formats.number(cpuRatio, digits: 1)) times ours; "
          + "largest difference \(difference) of the range")
    }
  }
}
