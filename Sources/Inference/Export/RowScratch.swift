internal import LabelMeasures
internal import Volumes

/// Memory in which each worker decides one row of labels.
struct RowScratch: Sendable {
  private let width: Int
  /// `[worker, 2, column]`: a channel's values, and the largest so far.
  private let floats: VoxelStorage<Float>
  private let labels: VoxelStorage<UInt8>

  init(threads: Int, width: Int) {
    self.width = width
    floats = VoxelStorage(count: threads * 2 * width, repeating: 0)
    labels = VoxelStorage(count: threads * width, repeating: 0)
  }

  func values(_ worker: Int) -> UnsafeMutablePointer<Float> { floats.elements.baseAddress! + 2 * worker * width }

  func decision(_ worker: Int) -> RowDecision {
    RowDecision(
      width: width, best: floats.elements.baseAddress! + (2 * worker + 1) * width,
      labels: labels.elements.baseAddress! + worker * width)
  }
}

/// The labels of a row, decided channel by channel so that one channel at a time is in memory.
struct RowDecision {
  let width: Int
  /// The probability of the label so far: of regions, that of the one that gave it.
  let best: UnsafeMutablePointer<Float>
  let labels: UnsafeMutablePointer<UInt8>

  func begin(_ rule: LabelRule) {
    labels.update(repeating: 0, count: width)
    if case .largest = rule { best.update(repeating: -.infinity, count: width) }
  }

  /// Takes a channel's values; channels come in ascending order.
  /// - Parameter entropy: gets the entropy of what was taken so far, where given: 0 in the beginning.
  func take(
    _ values: UnsafeMutablePointer<Float>, channel: Int, _ rule: LabelRule, entropy: UnsafeMutablePointer<Double>?
  ) {
    switch rule {
    case .largest:
      let label = UInt8(truncatingIfNeeded: channel)
      for x in 0..<width where values[x] > best[x] {
        best[x] = values[x]
        labels[x] = label
      }
      if let entropy {
        for x in 0..<width { entropy[x] += Entropy.part(Double(values[x])) }
      }
    case .regions(let order):
      let label = order[channel]
      for x in 0..<width where values[x] > 0.5 {
        labels[x] = label
        best[x] = values[x]
        entropy?[x] = Entropy.ofEvent(Double(values[x]))
      }
    }
  }
}
