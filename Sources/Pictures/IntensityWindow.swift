/// Which intensities are shown black and which white.
public enum IntensityWindow: Hashable, Sendable {
  /// Soft tissue for what looks like CT in HU; else from the 1st to the 99.5th percentile of the voxels with content.
  case automatic
  /// From black to white, in the image's units.
  case levels(black: Float, white: Float)

  /// Windows that radiologists use for CT, by name, in HU.
  public static let named: [(name: String, window: IntensityWindow)] = [
    ("soft-tissue", .centred(40, width: 400)), ("lung", .centred(-600, width: 1500)),
    ("bone", .centred(400, width: 1800)), ("brain", .centred(40, width: 80)),
  ]

  static func centred(_ centre: Float, width: Float) -> IntensityWindow {
    .levels(black: centre - width / 2, white: centre + width / 2)
  }

  /// From `automatic`, one of the names, or two numbers such as `-160:240`; `nil` for anything else.
  public init?(_ text: String) {
    if text == "automatic" {
      self = .automatic
    } else if let known = Self.named.first(where: { $0.name == text }) {
      self = known.window
    } else {
      let levels = text.split(separator: ":", omittingEmptySubsequences: false).map { Float($0) }
      guard levels.count == 2, let black = levels[0], let white = levels[1], black.isFinite, white.isFinite,
        black < white
      else { return nil }
      self = .levels(black: black, white: white)
    }
  }

  /// What `init(_:)` takes, for help and errors.
  public static let forms = "automatic, \(named.map(\.name).joined(separator: ", ")), or BLACK:WHITE"
}
