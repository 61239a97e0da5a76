/// Which small components are removed from a label map: the content of nnU-Net's `postprocessing.json`
/// (nnunet/postprocessing/connected_components.py).
///
///     let rules = try PostprocessingRules(json: try Data(contentsOf: file))
///     try rules.apply(to: labels, spacing: geometry.spacing)
public struct PostprocessingRules: Hashable, Sendable {
  /// Labels whose components are searched together.
  public enum Item: Hashable, Sendable {
    case label(Int)
    /// In the order of the file, which is how `minimumSizes` knows it.
    case region([Int])

    /// Its labels.
    public var labels: [Int] {
      switch self {
      case .label(let label): [label]
      case .region(let labels): labels
      }
    }
  }

  /// Treated in this order, each on what the ones before left. `nil`: every label that is present in the map, ascending.
  public var items: [Item]?
  /// mm³. Where it is given, components that are as large, or larger, are kept; it must then have every item that removes something.
  public var minimumSizes: [Item: Double]?

  public init(items: [Item]?, minimumSizes: [Item: Double]? = nil) {
    self.items = items
    self.minimumSizes = minimumSizes
  }
}
