public import Planning

/// Gathers a dataset's fingerprint case by case (nnunet/experiment_planning/DatasetAnalyzer.py).
public struct FingerprintCollector: Sendable {
  /// Every tenth voxel of the foreground counts.
  private static let stride = 10

  private let modalities: [String]
  private let classes: [Int]
  private let looksAtIntensities: Bool
  private var cases: [CaseFingerprint] = []
  /// By channel and case.
  private var samples: [[[Float]]]

  public init(modalities: [String], classes: [Int]) {
    self.modalities = modalities
    self.classes = classes
    looksAtIntensities = modalities.contains { $0 == "CT" || $0 == "ct" }
    samples = modalities.map { _ in [] }
  }

  /// Cases come sorted by name.
  public mutating func add(_ one: CroppedCase) {
    let cropping = one.properties.cropping
    cases.append(
      CaseFingerprint(
        name: one.name, extent: cropping.box.extent.lengths, spacing: cropping.originalSpacing.millimetres,
        sizeReduction: Double(cropping.box.extent.count) / Double(cropping.originalExtent.count)))
    guard looksAtIntensities else { return }
    for channel in 0..<one.volume.channels {
      let values = one.volume.channel(channel)
      var sample: [Float] = []
      var count = 0
      for (index, label) in one.labels.elements.enumerated() where label > 1 {
        if count.isMultiple(of: Self.stride) { sample.append(values[index]) }
        count += 1
      }
      samples[channel].append(sample)
    }
  }

  public var fingerprint: DatasetFingerprint {
    DatasetFingerprint(
      cases: cases, modalities: modalities, classes: classes,
      intensities: looksAtIntensities
        ? samples.map { byCase in
          ChannelIntensities(
            pooled: IntensityStatistics(of: byCase.flatMap { $0 }), local: byCase.map(IntensityStatistics.init(of:)))
        } : nil)
  }
}
