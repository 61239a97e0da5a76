internal import LabelShapes
public import Volumes

extension PostprocessingRules {
  /// What became of one item's components.
  public struct Outcome: Hashable, Sendable {
    public var item: Item
    /// Components that there were.
    public var components: Int
    public var removedComponents: Int
    public var removedVoxels: Int
    /// mm³ of the largest component; `nil` without components.
    public var keptSize: Double?
    /// mm³ of the largest component that was removed.
    public var largestRemovedSize: Double?
  }

  /// Removes small components from `labels`, in place: whoever calls holds the only reference to its voxels.
  ///
  /// For each item the components that are as large as the largest stay, several if they are equal. The others become background,
  /// unless `minimumSizes` has a size that they reach (nnunet/postprocessing/connected_components.py,
  /// `remove_all_but_the_largest_connected_component`). A size is the number of voxels times the product of the spacing, in mm³.
  /// - Parameter spacing: of the map, in mm.
  /// - Returns: an outcome for each item, in order.
  /// - Throws: `PostprocessingError` for background as an item, for an item without a minimum size that is needed, `LabelShapesError`
  ///   for noise that is too large. The items before it have been applied by then.
  @discardableResult
  public func apply(to labels: LabelVolume, spacing: Spacing) throws -> [Outcome] {
    let boxes = LabelBoxes(of: labels)
    let items: [Item] = self.items ?? boxes.labels.filter { $0 > 0 }.map { Item.label(Int($0)) }
    guard !items.contains(.label(0)) else {
      throw PostprocessingError(
        .invalidRules,
        "Postprocessing can't remove background: its rules name the label 0; take it out of for_which_classes.")
    }
    // In SimpleITK's order of axes, so that the product has the same bits.
    let voxelSize = spacing.x * spacing.y * spacing.z
    var outcomes: [Outcome] = []
    for item in items {
      let set = LabelSet(item.labels)
      var outcome = Outcome(item: item, components: 0, removedComponents: 0, removedVoxels: 0)
      if let box = boxes.box(of: set) {
        let components = try ConnectedComponents(of: set, in: labels, box: box)
        try remove(components, of: labels, voxelSize: voxelSize, outcome: &outcome)
      }
      outcomes.append(outcome)
    }
    return outcomes
  }

  private func remove(
    _ components: ConnectedComponents, of labels: LabelVolume, voxelSize: Double, outcome: inout Outcome
  ) throws(PostprocessingError) {
    guard let largest = components.voxels.max() else { return }
    let kept = Double(largest) * voxelSize
    outcome.components = components.voxels.count
    outcome.keptSize = kept
    var isKept = [Bool](repeating: true, count: components.voxels.count)
    for (component, voxels) in components.voxels.enumerated() {
      let size = Double(voxels) * voxelSize
      if size == kept { continue }
      if let minimumSizes {
        guard let minimum = minimumSizes[outcome.item] else {
          throw PostprocessingError(
            .invalidRules,
            "Postprocessing found a small component of \(outcome.item.text), but min_valid_object_sizes has no size for it; add one, or "
              + "make it None.")
        }
        guard size < minimum else { continue }
      }
      isKept[component] = false
      outcome.removedComponents += 1
      outcome.removedVoxels += voxels
      outcome.largestRemovedSize = max(outcome.largestRemovedSize ?? 0, size)
    }
    if outcome.removedComponents > 0 { components.removeOthers(from: labels, keeping: isKept) }
  }
}

extension PostprocessingRules.Item {
  /// For sentences.
  var text: String {
    switch self {
    case .label(let label): "the label \(label)"
    case .region(let labels): "the region of the labels \(labels.map(String.init).joined(separator: ", "))"
    }
  }
}
