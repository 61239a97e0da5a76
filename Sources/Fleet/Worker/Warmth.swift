/// What a worker's slot keeps for the tiles after the next, since tiles of several runs come in turn.
///
/// The pass and the network in use are always kept; others as far as this says.
public struct Warmth: Hashable, Sendable {
  /// Passes: document and volume. A volume is a mapped file, read in part and never copied.
  public var passes: Int
  /// Bytes of the volumes of passes that aren't in use.
  public var volumeBytes: Int
  /// Networks: weights, which slots share, and workspace.
  public var networks: Int

  public init(passes: Int, volumeBytes: Int, networks: Int) {
    self.passes = passes
    self.volumeBytes = volumeBytes
    self.networks = networks
  }

  /// What is in use, and nothing else.
  public static let least = Warmth(passes: 1, volumeBytes: 0, networks: 1)

  /// Of a worker of a fleet: four passes and two networks; with a limit of memory one network, which the forecast of memory counts, and
  /// volumes of a sixteenth of the limit.
  /// - Parameter limit: bytes that a slot may use; `nil` for no limit.
  public static func worker(limit: Int?) -> Warmth {
    guard let limit else { return Warmth(passes: 4, volumeBytes: .max, networks: 2) }
    return Warmth(passes: 4, volumeBytes: limit / 16, networks: 1)
  }
}
