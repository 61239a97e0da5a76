public import Digests

/// How one label of a run agrees with a reference label map. What has no value is `nil`: overlaps of a label that both lack, distances of
/// one that either lacks.
public struct LabelComparison: Hashable, Sendable, Codable {
  /// The value of the label's voxels in both maps.
  public var label: Int
  /// Voxels that both have, only the run has, only the reference has.
  public var truePositives: Int
  public var falsePositives: Int
  public var falseNegatives: Int
  /// From 0 to 1.
  public var dice: Double?
  /// From 0 to 1.
  public var jaccard: Double?
  /// 95th percentile of the distances between the surfaces, mm.
  public var hd95Mm: Double?
  /// Mean distance between the surfaces, mm.
  public var assdMm: Double?
  /// Share of both surfaces that is within the tolerance of the other, from 0 to 1.
  public var surfaceDice: Double?
  /// mL.
  public var volumeMl: Double
  /// mL.
  public var referenceVolumeMl: Double

  public init(
    label: Int, truePositives: Int, falsePositives: Int, falseNegatives: Int, dice: Double?, jaccard: Double?,
    hd95Mm: Double?, assdMm: Double?, surfaceDice: Double?, volumeMl: Double, referenceVolumeMl: Double
  ) {
    self.label = label
    self.truePositives = truePositives
    self.falsePositives = falsePositives
    self.falseNegatives = falseNegatives
    self.dice = dice
    self.jaccard = jaccard
    self.hd95Mm = hd95Mm
    self.assdMm = assdMm
    self.surfaceDice = surfaceDice
    self.volumeMl = volumeMl
    self.referenceVolumeMl = referenceVolumeMl
  }
}

/// A completed run held against a reference.
public struct RunComparison: Hashable, Sendable {
  public var run: RunID
  /// SHA-256 of the reference's voxels, uint8 `[z, y, x]`: the same map counts as the same reference, however it is stored.
  public var reference: Digest
  /// What the reference is called, such as `expert` or `consensus`. Not a patient's name.
  public var referenceName: String
  /// mm, of `surfaceDice`.
  public var toleranceMm: Double
  public var softwareVersion: String
  /// By ascending label.
  public var labels: [LabelComparison]

  public init(
    run: RunID, reference: Digest, referenceName: String, toleranceMm: Double, softwareVersion: String,
    labels: [LabelComparison]
  ) {
    self.run = run
    self.reference = reference
    self.referenceName = referenceName
    self.toleranceMm = toleranceMm
    self.softwareVersion = softwareVersion
    self.labels = labels
  }
}

/// Keeping comparisons of runs with references.
public protocol ComparisonRecording: Sendable {
  /// One run, reference and tolerance have one comparison: a later one takes its place. For a run that isn't there nothing is kept.
  func record(_ comparison: RunComparison) async throws
  /// Of one run, by reference and tolerance.
  func comparisons(of run: RunID) async throws -> [RunComparison]
}
