import Foundation

/// nnU-Net's loss of one scale, the formula written down as it stands, in double.
struct PlainLoss {
  let classes: Int
  let batchDice: Bool

  private static let smooth = 1e-5

  /// Sums of one group of samples for one class.
  private struct Overlap {
    var product = 0.0
    var sum = 0.0
    var count = 0.0
    var numerator: Double { 2 * product + PlainLoss.smooth }
    var denominator: Double { sum + count + PlainLoss.smooth + 1e-8 }
  }

  /// - Parameters:
  ///   - logits: of each sample, `[class][voxel]`.
  ///   - targets: of each sample.
  func value(_ logits: [[Double]], _ targets: [[UInt8]]) -> Double {
    let voxels = targets[0].count
    let probabilities = logits.map { softmax($0, voxels) }
    var crossEntropy = 0.0
    for (sample, labels) in zip(probabilities, targets) {
      for (v, label) in labels.enumerated() { crossEntropy -= log(sample[Int(label) * voxels + v]) }
    }
    let groups = overlaps(probabilities, targets)
    let dice = groups.reduce(0) { $0 + $1.dropFirst().reduce(0) { $0 + $1.numerator / $1.denominator } }
    return crossEntropy / Double(voxels * targets.count) - dice / Double((classes - 1) * groups.count)
  }

  /// Of the logits of each sample.
  func gradient(_ logits: [[Double]], _ targets: [[UInt8]]) -> [[Double]] {
    let voxels = targets[0].count
    let probabilities = logits.map { softmax($0, voxels) }
    let groups = overlaps(probabilities, targets)
    let terms = Double((classes - 1) * groups.count)
    return probabilities.indices.map { sample in
      let group = groups[batchDice ? 0 : sample]
      var result = probabilities[sample]
      for v in 0..<voxels {
        let p = (0..<classes).map { probabilities[sample][$0 * voxels + v] }
        let y = (0..<classes).map { Int(targets[sample][v]) == $0 ? 1.0 : 0.0 }
        let g = (0..<classes).map { label -> Double in
          guard label > 0 else { return 0 }
          let overlap = group[label]
          let slope = (2 * y[label] * overlap.denominator - overlap.numerator) / pow(overlap.denominator, 2)
          return -slope / terms
        }
        let mean = zip(p, g).reduce(0) { $0 + $1.0 * $1.1 }
        for label in 0..<classes {
          result[label * voxels + v] =
            p[label] * (g[label] - mean) + (p[label] - y[label]) / Double(voxels * targets.count)
        }
      }
      return result
    }
  }

  private func softmax(_ logits: [Double], _ voxels: Int) -> [Double] {
    var result = logits.map { exp($0) }
    for v in 0..<voxels {
      let sum = (0..<classes).reduce(0) { $0 + result[$1 * voxels + v] }
      for label in 0..<classes { result[label * voxels + v] /= sum }
    }
    return result
  }

  /// Of each group that Dice is taken over, of each class.
  private func overlaps(_ probabilities: [[Double]], _ targets: [[UInt8]]) -> [[Overlap]] {
    let samples = Array(zip(probabilities, targets))
    let groups = batchDice ? [samples] : samples.map { [$0] }
    return groups.map { group in
      (0..<classes).map { label in
        var overlap = Overlap()
        for (p, y) in group {
          for (v, target) in y.enumerated() {
            overlap.sum += p[label * y.count + v]
            if Int(target) == label {
              overlap.product += p[label * y.count + v]
              overlap.count += 1
            }
          }
        }
        return overlap
      }
    }
  }
}
