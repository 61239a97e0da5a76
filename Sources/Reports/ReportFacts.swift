/// What a report tells beside its pictures. No patient data: images are named by digests.
public struct ReportFacts: Sendable {
  /// A row of the table of volumes.
  public struct Label: Sendable {
    public var label: Int
    public var name: String
    public var voxels: Int
    /// mL.
    public var volume: Double

    public init(label: Int, name: String, voxels: Int, volume: Double) {
      self.label = label
      self.name = name
      self.voxels = voxels
      self.volume = volume
    }
  }

  public struct Timing: Sendable {
    public var step: String
    public var seconds: Double

    public init(step: String, seconds: Double) {
      self.step = step
      self.seconds = seconds
    }
  }

  /// A line of the provenance.
  public struct Fact: Sendable {
    public var name: String
    public var value: String
    /// Whether it is a digest, which is set in a fixed pitch.
    public var isDigest: Bool

    public init(_ name: String, _ value: String, isDigest: Bool = false) {
      self.name = name
      self.value = value
      self.isDigest = isDigest
    }
  }

  /// What was segmented with, such as a model's name.
  public var title: String
  /// When the run ended, as people read it.
  public var date: String
  /// All labels of the model but the background, also those that are absent.
  public var labels: [Label]
  /// In the order of the steps.
  public var timings: [Timing]
  public var provenance: [Fact]

  public init(title: String, date: String, labels: [Label], timings: [Timing], provenance: [Fact]) {
    self.title = title
    self.date = date
    self.labels = labels
    self.timings = timings
    self.provenance = provenance
  }
}
