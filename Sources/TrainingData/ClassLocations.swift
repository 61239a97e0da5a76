public import Volumes

/// Where training looks for foreground: a random choice of each class's voxels
/// (nnunet/preprocessing/preprocessing.py: `class_locations`), bit-exact.
public struct ClassLocations: Sendable {
  private static let seed: UInt32 = 1234
  private static let fewest = 10_000
  private static let share = 0.01

  /// By class in the plans' order: `[z, y, x]` of each voxel, in the network's axis order; none for a class that is absent.
  public var locations: [[(Int, Int, Int)]]
  public var classes: [Int]

  /// - Parameters:
  ///   - labels: labels plus 1, as `TrainingCase` has them.
  ///   - classes: nnU-Net's labels, in the plans' order.
  public init(of labels: LabelVolume, classes: [Int]) {
    var places = [[Int32]](repeating: [], count: 256)
    for (index, label) in labels.elements.enumerated() where label > 1 { places[Int(label) - 1].append(Int32(index)) }
    var random = LegacyRandom(seed: Self.seed)
    let extent = labels.extent
    self.classes = classes
    locations = classes.map { label in
      let all = (0..<256).contains(label) ? places[label] : []
      guard !all.isEmpty else { return [] }
      let wanted = max(min(Self.fewest, all.count), Int((Double(all.count) * Self.share).rounded(.up)))
      return random.permutation(all.count).prefix(wanted).map { order in
        let index = Int(all[order])
        return (index / (extent.y * extent.x), index / extent.x % extent.y, index % extent.x)
      }
    }
  }
}
