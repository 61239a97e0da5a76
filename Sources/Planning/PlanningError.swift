/// Why a dataset can't be planned for, and what to do.
public enum PlanningError: Error, Hashable, CustomStringConvertible {
  /// Even the smallest patch's network is too large, or a 2D network at a batch of two.
  case tooLittleMemory
  case noCases
  /// The median case is so small that the network wouldn't pool at all.
  case tooSmall(extent: [Int])

  public var description: String {
    switch self {
    case .tooLittleMemory:
      "No patch fits the memory that the planner aims at; give it more (--memory-target) or fewer features (--base-features)."
    case .noCases: "A dataset without cases can't be planned for; `training` in dataset.json lists them."
    case .tooSmall(let extent):
      "The median case has \(extent.voxels) voxels, which is too small for a network that pools; an axis needs at least "
        + "\(2 * PlannerSettings.shortestEdge)."
    }
  }
}
