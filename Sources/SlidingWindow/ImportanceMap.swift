internal import Foundation
public import Volumes

/// The weight of each voxel of a patch when overlapping tiles are averaged: a Gaussian, 1 in the middle, because a network
/// knows least about a patch's border.
///
/// It is what scipy's `gaussian_filter` makes of one impulse (nnunet/network_architecture/neural_network.py, `_get_gaussian`):
/// the impulse at `patch / 2`, sigma an eighth of the patch, cut off at four sigma, nothing beyond the borders; in float64,
/// divided by its maximum, then rounded to float32.
public struct ImportanceMap: Sendable {
  public let patch: Extent
  /// Weights `[z, y, x]`, all above 0.
  public let weights: [Float]

  /// - Parameter window: the map of a 2D network doesn't vary, and isn't normalised, along z.
  public init(patch: Extent, window: TilePlan.Window = .volume) {
    self.patch = patch
    let profiles = (0..<3).map { window == .slices && $0 == 0 ? [1] : Self.profile(length: patch[$0]) }
    // Products in scipy's order, axis after axis. The maximum of products of positive numbers is the product of the maxima.
    let maximum = (profiles[0].max()! * profiles[1].max()!) * profiles[2].max()!
    var weights: [Float] = []
    weights.reserveCapacity(patch.count)
    for z in profiles[0] {
      for y in profiles[1] {
        let zy = z * y
        for x in profiles[2] { weights.append(Float(zy * x / maximum)) }
      }
    }
    // Far from the middle of a long patch a weight may round to zero, and a sum of zero weights can't be divided by.
    if let smallest = weights.lazy.filter({ $0 > 0 }).min() {
      for index in weights.indices where weights[index] == 0 { weights[index] = smallest }
    }
    self.weights = weights
  }

  /// scipy's truncated, normalised Gaussian kernel around the middle of an axis, which the axis cuts again without renormalising.
  private static func profile(length: Int) -> [Double] {
    let sigma = Double(length) / 8
    let radius = Int(4 * sigma + 0.5)
    let kernel = (-radius...radius).map { exp(-0.5 / (sigma * sigma) * Double($0 * $0)) }
    let sum = pairwiseSum(kernel[...])
    let middle = length / 2
    return (0..<length).map { position in
      let offset = position - middle
      return abs(offset) <= radius ? kernel[offset + radius] / sum : 0
    }
  }

  /// The sum in numpy's order, whose rounding the weights inherit: eight interleaved partial sums up to 128 terms, halves beyond
  /// (numpy/core/src/umath/loops_utils.h.src, `pairwise_sum`).
  private static func pairwiseSum(_ terms: ArraySlice<Double>) -> Double {
    if terms.count < 8 { return terms.reduce(0, +) }
    if terms.count <= 128 {
      var partial = Array(terms.prefix(8))
      let whole = terms.count - terms.count % 8
      for index in stride(from: 8, to: whole, by: 8) {
        for lane in 0..<8 { partial[lane] += terms[terms.startIndex + index + lane] }
      }
      let sum =
        ((partial[0] + partial[1]) + (partial[2] + partial[3]))
        + ((partial[4] + partial[5]) + (partial[6] + partial[7]))
      return terms.dropFirst(whole).reduce(sum, +)
    }
    let half = terms.count / 2
    let split = half - half % 8
    return pairwiseSum(terms.prefix(split)) + pairwiseSum(terms.dropFirst(split))
  }
}
