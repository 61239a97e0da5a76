public import Volumes

/// A cascade's second stage sees the first one's labels as channels of 0 and 1 (nnunet: MoveSegAsOneHotToData), more or less wrong ones
/// while it trains.
public struct PreviousStage: Hashable, Sendable {
  /// In the order of the channels.
  public var labels: [Int]
  /// In the order in which they are applied.
  public var operators: [BinaryOperator]

  public init(labels: [Int], operators: [BinaryOperator]) {
    self.labels = labels
    self.operators = operators
  }

  /// The channels.
  /// - Parameter first: one more than the first stage's labels.
  public func masks(of first: LabelVolume) -> [LabelVolume] {
    let masks = labels.map { label in
      let mask = LabelVolume(extent: first.extent, storage: VoxelStorage(uninitialized: first.extent.count))
      for index in first.elements.indices { mask.elements[index] = Int(first.elements[index]) == label + 1 ? 1 : 0 }
      return mask
    }
    for one in operators { one.apply(to: masks) }
    return masks
  }
}
