internal import ArgumentParser
internal import Foundation
internal import Inference
internal import Kernels
internal import NiftiIO
internal import Volumes

/// `tessera bench export`
struct BenchExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Times the export of synthetic class probabilities to a label map.",
    discussion: """
      From the network's grid to the image's: resampling, the largest class, the .nii.gz. The peer is nnU-Net's own export of the same
      probabilities, which needs several times 4 bytes x classes x voxels of memory.

        tessera bench export --extent 555x512x512 --spacing 0.9x0.78x0.78 --to 1.5x1.5x1.5 --classes 26
      """)

  @Option(help: ArgumentHelp("The image, voxels.", valueName: "ZxYxX"))
  var extent = ExtentArgument(Extent(z: 555, y: 512, x: 512))

  @Option(help: ArgumentHelp("The image's spacing, mm.", valueName: "ZxYxX"))
  var spacing = SpacingArgument(Spacing(z: 0.9, y: 0.78, x: 0.78))

  @Option(help: ArgumentHelp("The network's spacing, mm.", valueName: "ZxYxX"))
  var to = SpacingArgument(Spacing(z: 1.5, y: 1.5, x: 1.5))

  @Option(help: "Classes, background included.")
  var classes = 26

  @OptionGroup var options: BenchOptions

  private struct PeerAnswer: Codable {
    var seconds: Double
    var cpuSeconds: Double
    var peakMemoryBytes: Int
    var version: String
  }

  private struct Answer: Encodable {
    var tessera: ExportBenchmark.Report
    /// Compressing and writing the label map.
    var writeSeconds: Double
    var seconds: Double
    var cpuSeconds: Double
    var peer: PeerAnswer?
    /// The peer's seconds by ours.
    var ratio: Double?
    /// The peer's processor time by ours.
    var cpuRatio: Double?
    /// The part of the voxels that has the same label.
    var equalLabels: Double?
  }

  func validate() throws {
    guard (1...256).contains(classes) else {
      throw ValidationError("--classes must be from 1 to 256, it is \(classes).")
    }
  }

  func run() async throws {
    try await Failures.reported {
      try Peer.withFolder { folder in
        let benchmark = ExportBenchmark(
          extent: extent.extent, spacing: spacing.spacing, target: to.spacing, classes: classes)
        let (report, labels) = try benchmark.run(threads: options.threads, folder: options.peer == nil ? nil : folder)
        let pool = ComputePool(threads: options.threads)
        var clock = BenchClock()
        try clock.measure {
          try LabelMap(labels: labels, geometry: ImageGeometry(spacing: spacing.spacing))
            .write(to: folder.appending(path: "tessera.nii.gz")) { count, body in
              pool.forEach(count) { item, _ in body(item) }
            }
        }
        var answer = Answer(
          tessera: report, writeSeconds: clock.seconds, seconds: report.seconds + clock.seconds,
          cpuSeconds: report.cpuSeconds + clock.cpuSeconds)
        answer.tessera.peakMemoryBytes = PeakMemory.bytes
        if let python = options.peer {
          let peer = try Peer(script: "export", python: python).run(
            [folder.path, "\(classes)"] + (report.networkExtent.lengths + report.extent.lengths).map(String.init)
              + (to.spacing.millimetres + spacing.spacing.millimetres).map { "\($0)" }, as: PeerAnswer.self)
          answer.peer = peer
          answer.ratio = peer.seconds / answer.seconds
          answer.cpuRatio = peer.cpuSeconds / answer.cpuSeconds
          let theirs = try LabelMap.load(folder.appending(path: "peer.nii.gz")).labels
          let equal = zip(labels.elements, theirs.elements).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
          answer.equalLabels = Double(equal) / Double(labels.extent.count)
        }
        try show(answer)
      }
    }
  }

  private func show(_ answer: Answer) throws {
    if options.json { return try Output.json(answer) }
    let report = answer.tessera
    Output.line(
      "\(report.classes) classes, \(report.networkExtent) to \(report.extent), \(report.instructionSet), \(report.threads) thread(s): "
        + "\(Formats.number(answer.seconds, digits: 2)) s (\(Formats.number(answer.writeSeconds, digits: 2)) s of it writing), "
        + "\(Formats.number(answer.cpuSeconds, digits: 2)) s of processor time, "
        + "peak \(Formats.bytes(report.peakMemoryBytes))")
    if let peer = answer.peer, let ratio = answer.ratio, let cpuRatio = answer.cpuRatio, let equal = answer.equalLabels
    {
      Output.line(
        "\(peer.version): \(Formats.number(peer.seconds, digits: 1)) s, \(Formats.number(ratio, digits: 1)) times ours; processor time "
          + "\(Formats.number(peer.cpuSeconds, digits: 1)) s, \(Formats.number(cpuRatio, digits: 1)) times ours; peak "
          + "\(Formats.bytes(peer.peakMemoryBytes)); \(Formats.number(equal * 100, digits: 5)) % of the labels are equal"
      )
    }
  }
}
