internal import Glibc

/// nnU-Net's loss of one scale, soft Dice and cross-entropy (nnunet/training/loss_functions/dice_loss.py, `DC_and_CE_loss`), and its gradient in
/// closed form.
///
/// With probabilities p and one-hot targets y, sums S over a sample's voxels, or the batch's with `batchDice`:
///
///     D = (2 S(p y) + e) / (S(p) + S(y) + e + 1e-8)         e = 1e-5, per foreground class
///     loss = mean over voxels of -log p[target] - mean over classes (and samples) of D
///
/// Sums are in double, over parts of the voxels that depend on their number alone.
public struct DiceCrossEntropy: Sendable {
  public let classes: Int
  public let voxels: Int
  public let batch: Int
  public let batchDice: Bool

  public init(classes: Int, voxels: Int, batch: Int, batchDice: Bool) {
    self.classes = classes
    self.voxels = voxels
    self.batch = batch
    self.batchDice = batchDice
  }

  /// Added to numerator and denominator.
  private static let smooth = 1e-5
  /// Added to the denominator only.
  private static let denominatorSmooth = 1e-8
  private static let tile = 256
  private static let partVoxels = 4096
  private var parts: Int { (voxels + Self.partVoxels - 1) / Self.partVoxels }

  /// What the loss needs of one sample; per class.
  public struct Sums: Hashable, Sendable {
    /// S(p y), S(p), S(y).
    public var products: [Double]
    public var probabilities: [Double]
    public var targets: [Double]
    /// Sum of -log p[target].
    public var crossEntropy: Double

    /// Zeros.
    public init(classes: Int) {
      products = [Double](repeating: 0, count: classes)
      probabilities = products
      targets = products
      crossEntropy = 0
    }

    static func += (sum: inout Sums, other: Sums) {
      for label in sum.products.indices {
        sum.products[label] += other.products[label]
        sum.probabilities[label] += other.probabilities[label]
        sum.targets[label] += other.targets[label]
      }
      sum.crossEntropy += other.crossEntropy
    }
  }

  /// Logits become probabilities, in place.
  /// - Parameters:
  ///   - logits: of one sample, `[class][voxel]`.
  ///   - targets: its classes, below `classes`.
  public func sums(
    _ logits: UnsafeMutablePointer<Float>, targets: UnsafePointer<UInt8>, pool: ComputePool,
    kernels: ActivationKernels = .best
  ) -> Sums {
    let (parts, voxels, classes, tile) = (parts, voxels, classes, Self.tile)
    let results = UnsafeMutablePointer<Double>.allocate(capacity: parts * (3 * classes + 1))
    defer { results.deallocate() }
    pool.forEach(parts) { part, _ in
      let sums = results + part * (3 * classes + 1)
      sums.update(repeating: 0, count: 3 * classes + 1)
      withUnsafeTemporaryAllocation(of: Float.self, capacity: classes * tile) { memory in
        guard let values = memory.baseAddress else { return }
        let end = (part + 1) * voxels / parts
        for first in stride(from: part * voxels / parts, to: end, by: tile) {
          let count = min(tile, end - first)
          for label in 0..<classes {
            (values + label * tile).update(from: logits + label * voxels + first, count: count)
            if count < tile { (values + label * tile + count).update(repeating: 0, count: tile - count) }
          }
          kernels.softmax(values, classes: classes, count: count, stride: tile)
          for voxel in 0..<count {
            let target = Int(targets[first + voxel])
            let probability = values[target * tile + voxel]
            sums[3 * classes] -=
              probability > 1e-30
              ? log(Double(probability)) : logProbability(logits + first + voxel, target)
          }
          for label in 0..<classes {
            let row = values + label * tile
            (logits + label * voxels + first).update(from: row, count: count)
            var product = 0.0
            var sum = 0.0
            var number = 0
            for voxel in 0..<count {
              let isTarget = Int(targets[first + voxel]) == label
              let probability = Double(row[voxel])
              sum += probability
              product += isTarget ? probability : 0
              number += isTarget ? 1 : 0
            }
            sums[label] += product
            sums[classes + label] += sum
            sums[2 * classes + label] += Double(number)
          }
        }
      }
    }
    var total = Sums(classes: classes)
    for part in 0..<parts {
      let sums = results + part * (3 * classes + 1)
      for label in 0..<classes {
        total.products[label] += sums[label]
        total.probabilities[label] += sums[classes + label]
        total.targets[label] += sums[2 * classes + label]
      }
      total.crossEntropy += sums[3 * classes]
    }
    return total
  }

  /// log p[target] where p is too small for a float.
  private func logProbability(_ logits: UnsafePointer<Float>, _ target: Int) -> Double {
    var highest = -Double.infinity
    for label in 0..<classes { highest = max(highest, Double(logits[label * voxels])) }
    var sum = 0.0
    for label in 0..<classes { sum += exp(Double(logits[label * voxels]) - highest) }
    return Double(logits[target * voxels]) - highest - log(sum)
  }

  /// The loss of a batch, and what its gradient is made of.
  public struct Value: Sendable {
    public var loss: Double
    public var crossEntropy: Double
    /// The negative mean of D.
    public var dice: Double
    /// dD/dp = `ofTarget * y + constant`, times -1 / T; per sample, then class. Zero for the background.
    var ofTarget: [[Double]]
    var constant: [[Double]]
  }

  /// - Parameter sums: of each sample of the batch, in order.
  public func value(_ sums: [Sums]) -> Value {
    precondition(sums.count == batch, "sums of another batch")
    let groups: [Sums]
    if batchDice {
      var all = Sums(classes: classes)
      for sample in sums { all += sample }
      groups = [all]
    } else {
      groups = sums
    }
    let terms = Double((classes - 1) * groups.count)
    var dice = 0.0
    var ofTarget: [[Double]] = []
    var constant: [[Double]] = []
    for group in groups {
      var target = [Double](repeating: 0, count: classes)
      var rest = target
      for label in 1..<classes {
        let numerator = 2 * group.products[label] + Self.smooth
        let denominator = group.probabilities[label] + group.targets[label] + Self.smooth + Self.denominatorSmooth
        dice += numerator / denominator
        target[label] = -2 / denominator / terms
        rest[label] = numerator / (denominator * denominator) / terms
      }
      ofTarget.append(target)
      constant.append(rest)
    }
    if batchDice {
      ofTarget = [[Double]](repeating: ofTarget[0], count: batch)
      constant = [[Double]](repeating: constant[0], count: batch)
    }
    let crossEntropy = sums.reduce(0) { $0 + $1.crossEntropy } / Double(batch * voxels)
    return Value(
      loss: crossEntropy - dice / terms, crossEntropy: crossEntropy, dice: -dice / terms, ofTarget: ofTarget,
      constant: constant)
  }

  /// Probabilities become the loss's gradient of the logits, in place: p (g - sum of p g) + (p - y) / (B V).
  /// - Parameters:
  ///   - probabilities: of sample number `sample`, `[class][voxel]`.
  ///   - weight: of this scale in the whole loss.
  public func gradient(
    _ probabilities: UnsafeMutablePointer<Float>, targets: UnsafePointer<UInt8>, value: Value, sample: Int,
    weight: Double, pool: ComputePool
  ) {
    let (parts, voxels, classes, tile) = (parts, voxels, classes, Self.tile)
    let ofTarget = value.ofTarget[sample].map { Float($0 * weight) }
    let constant = value.constant[sample].map { Float($0 * weight) }
    let mean = Float(weight / (Double(batch) * Double(voxels)))
    pool.forEach(parts) { part, _ in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: tile) { memory in
        guard let dots = memory.baseAddress else { return }
        let end = (part + 1) * voxels / parts
        for first in stride(from: part * voxels / parts, to: end, by: tile) {
          let count = min(tile, end - first)
          let targets = targets + first
          dots.update(repeating: 0, count: count)
          for label in 1..<classes {
            let p = probabilities + label * voxels + first
            let (a, b) = (ofTarget[label], constant[label])
            for v in 0..<count { dots[v] += p[v] * ((Int(targets[v]) == label ? a : 0) + b) }
          }
          for label in 0..<classes {
            let p = probabilities + label * voxels + first
            let (a, b) = (ofTarget[label], constant[label])
            for v in 0..<count {
              let isTarget = Int(targets[v]) == label
              let g = (isTarget ? a : 0) + b
              p[v] = p[v] * (g - dots[v]) + (p[v] - (isTarget ? 1 : 0)) * mean
            }
          }
        }
      }
    }
  }
}
