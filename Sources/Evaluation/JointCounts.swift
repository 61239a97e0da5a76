public import Volumes

/// How often each pair of labels, predicted and of the reference, occurs at one place: all that overlaps are computed from, for every
/// label, in one pass.
public struct JointCounts: Sendable {
  /// Voxels of the volumes.
  public let voxels: Int
  /// By label: voxels that both have, that the prediction has, that the reference has.
  private let both: [Int]
  private let predicted: [Int]
  private let reference: [Int]

  /// - Throws: `EvaluationError` when the extents differ.
  public init(prediction: LabelVolume, reference: LabelVolume) throws(EvaluationError) {
    guard prediction.extent == reference.extent else {
      throw EvaluationError(
        "Comparing label maps needs equal extents (z, y, x): the prediction has \(prediction.extent) voxels, the reference "
          + "\(reference.extent); are they of the same case?")
    }
    let pairs = Self.pairs(prediction, reference)
    voxels = prediction.extent.count
    both = (0..<256).map { pairs[$0 << 8 | $0] }
    predicted = (0..<256).map { label in (0..<256).reduce(0) { $0 + pairs[label << 8 | $1] } }
    self.reference = (0..<256).map { label in (0..<256).reduce(0) { $0 + pairs[$1 << 8 | label] } }
  }

  /// Counts at `predicted << 8 | reference`. Eight voxels of one pair are counted at a time.
  private static func pairs(_ prediction: LabelVolume, _ reference: LabelVolume) -> [Int] {
    var counts = [Int](repeating: 0, count: 1 << 16)
    let voxels = prediction.extent.count
    guard let first = prediction.elements.baseAddress, let second = reference.elements.baseAddress else {
      return counts
    }
    counts.withUnsafeMutableBufferPointer { counts in
      var start = 0
      while start < voxels {
        let (p, r) = (first[start], second[start])
        let (eightP, eightR) = (UInt64(p) &* 0x0101_0101_0101_0101, UInt64(r) &* 0x0101_0101_0101_0101)
        var end = start + 1
        while end + 8 <= voxels,
          UnsafeRawPointer(first + end).loadUnaligned(as: UInt64.self) == eightP,
          UnsafeRawPointer(second + end).loadUnaligned(as: UInt64.self) == eightR
        { end += 8 }
        while end < voxels, first[end] == p, second[end] == r { end += 1 }
        counts[Int(p) << 8 | Int(r)] += end - start
        start = end
      }
    }
    return counts
  }

  /// Labels that occur in one of the two or in both, ascending, background among them.
  public var labels: [Int] { (0..<256).filter { predicted[$0] > 0 || reference[$0] > 0 } }

  /// The four counts of a label; one that no label map can have, such as 300, is absent from both.
  public func confusion(of label: Int) -> ConfusionCounts {
    guard both.indices.contains(label) else {
      return ConfusionCounts(truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: voxels)
    }
    let (both, predicted, reference) = (both[label], predicted[label], reference[label])
    return ConfusionCounts(
      truePositives: both, falsePositives: predicted - both, falseNegatives: reference - both,
      trueNegatives: voxels - predicted - reference + both)
  }
}
