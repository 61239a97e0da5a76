internal import Volumes

/// How sure the network is of each label: sums over the voxels to which it gave the label, taken as the probabilities stream by.
///
/// Confidence is the probability of the label that was given. Entropy is `-sum p ln p` over the classes, in nats: 0 where one class is
/// certain, `ln classes` where all are equally likely. Labels of region models come from one region's probability; there the entropy
/// is that of this region being there or not.
///
/// Sums are whole numbers of 2^-28, so they are the same for any number of threads and any order. Each worker of a `ComputePool` adds to
/// sums of its own, which makes `@unchecked Sendable` right.
public final class CertaintySums: @unchecked Sendable {
  /// What is counted for each label.
  private static let fields = 3
  private static let scale = Double(1 << 28)
  private let workers: Int
  /// `[worker, label, field]`: voxels, confidence, entropy.
  private let sums: VoxelStorage<Int>

  /// - Parameter threads: of the pool whose workers add.
  public init(threads: Int) {
    workers = threads
    sums = VoxelStorage(count: threads * 256 * Self.fields, repeating: 0)
  }

  /// Adds a voxel that got `label`.
  @inline(__always)
  public func add(_ label: UInt8, confidence: Double, entropy: Double, worker: Int) {
    let place = sums.elements.baseAddress! + (worker << 8 | Int(label)) * Self.fields
    place[0] += 1
    place[1] += Int((confidence * Self.scale).rounded())
    place[2] += Int((entropy * Self.scale).rounded())
  }

  /// Means over the voxels that got a label; `nil` where none did.
  public func means(of label: Int) -> (confidence: Double, entropy: Double)? {
    guard (0..<256).contains(label) else { return nil }
    var totals = [0, 0, 0]
    for worker in 0..<workers {
      for field in 0..<Self.fields { totals[field] += sums.elements[(worker << 8 | label) * Self.fields + field] }
    }
    guard totals[0] > 0 else { return nil }
    let voxels = Double(totals[0]) * Self.scale
    return (Double(totals[1]) / voxels, Double(totals[2]) / voxels)
  }
}

/// Parts of an entropy.
public enum Entropy {
  /// `-p ln p` in nats, within 1e-9; 0 for a probability that isn't above 1e-9 or isn't below 1.
  @inline(__always)
  public static func part(_ probability: Double) -> Double {
    guard probability > 1e-9, probability < 1 else { return 0 }
    return -probability * logarithm(probability)
  }

  /// Of an event with this probability: that it happens or not.
  public static func ofEvent(_ probability: Double) -> Double { part(probability) + part(1 - probability) }

  /// The natural logarithm of a normal positive number, within 1e-9: exponent and mantissa apart, the mantissa's by the series of the inverse
  /// hyperbolic tangent. Only the four operations are used, so that every machine computes the same bits.
  @inline(__always)
  private static func logarithm(_ value: Double) -> Double {
    let bits = value.bitPattern
    var exponent = Double(Int(bits >> 52) - 1023)
    var mantissa = Double(bitPattern: bits & 0x000F_FFFF_FFFF_FFFF | 0x3FF0_0000_0000_0000)
    if mantissa > 1.4142135623730951 {
      mantissa *= 0.5
      exponent += 1
    }
    let s = (mantissa - 1) / (mantissa + 1)
    let q = s * s
    let series = 1 + q * (1.0 / 3 + q * (1.0 / 5 + q * (1.0 / 7 + q * (1.0 / 9 + q * (1.0 / 11)))))
    return exponent * 0.6931471805599453 + 2 * s * series
  }
}
