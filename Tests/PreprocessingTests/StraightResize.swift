import Volumes

/// `skimage.transform.resize(mode: "edge", anti_aliasing: false, clip: true)` written down as its definition says it: not separable,
/// slow, in float64. The coefficients come from solving the interpolation equations, not from a recursive filter.
enum StraightResize {
  /// `values` is `[z, y, x]`; axes of equal length take part like any other.
  static func resize(_ values: [Double], _ extent: Extent, to target: Extent, order: Int, clips: Bool = true)
    -> [Double]
  {
    if extent == target { return values }
    let padding = order == 3 ? 12 : 0
    var coefficients = values
    var padded = extent
    if order == 3 {
      (coefficients, padded) = pad(values, extent, by: padding)
      for axis in 0..<3 { interpolate(&coefficients, padded, axis: axis) }
    }
    let taps = (0..<3).map { axis in
      (0..<target[axis]).map { tap(order, $0, from: extent[axis], to: target[axis], padding: padding) }
    }
    let (lower, upper) = (values.min()!, values.max()!)
    var result: [Double] = []
    for z in 0..<target.z {
      for y in 0..<target.y {
        for x in 0..<target.x {
          var sum = 0.0
          for (iz, wz) in taps[0][z] {
            for (iy, wy) in taps[1][y] {
              for (ix, wx) in taps[2][x] {
                sum += coefficients[(iz * padded.y + iy) * padded.x + ix] * wz * wy * wx
              }
            }
          }
          result.append(clips ? min(max(sum, lower), upper) : sum)
        }
      }
    }
    return result
  }

  /// The places and weights of one output sample; places outside the padded line are moved to its ends.
  private static func tap(_ order: Int, _ k: Int, from n: Int, to m: Int, padding: Int) -> [(Int, Double)] {
    let x = (Double(k) + 0.5) * (Double(n) / Double(m)) - 0.5 + Double(padding)
    let clamp = { (index: Int) in min(max(index, 0), n + 2 * padding - 1) }
    if order == 0 { return [(clamp(Int((x + 0.5).rounded(.down))), 1)] }
    let first = Int(x.rounded(.down))
    let t = x - Double(first)
    if order == 1 { return [(clamp(first), 1 - t), (clamp(first + 1), 1 - (1 - t))] }
    return (-1...2).map { (clamp(first + $0), cubic(t - Double($0))) }
  }

  /// The cubic B-spline.
  private static func cubic(_ x: Double) -> Double {
    let d = abs(x)
    if d < 1 { return 2.0 / 3 - d * d + d * d * d / 2 }
    return d < 2 ? (2 - d) * (2 - d) * (2 - d) / 6 : 0
  }

  private static func pad(_ values: [Double], _ extent: Extent, by padding: Int) -> ([Double], Extent) {
    let padded = Extent(extent.lengths.map { $0 + 2 * padding })
    var result: [Double] = []
    for z in 0..<padded.z {
      for y in 0..<padded.y {
        for x in 0..<padded.x {
          let inside = zip([z, y, x], extent.lengths).map { min(max($0 - padding, 0), $1 - 1) }
          result.append(values[(inside[0] * extent.y + inside[1]) * extent.x + inside[2]])
        }
      }
    }
    return (result, padded)
  }

  /// Solves c[i-1] + 4 c[i] + c[i+1] = 6 f[i] along an axis, the line's ends repeating (Thomas' algorithm).
  private static func interpolate(_ values: inout [Double], _ extent: Extent, axis: Int) {
    let step = axis == 0 ? extent.y * extent.x : axis == 1 ? extent.x : 1
    let n = extent[axis]
    for start in 0..<values.count where (start / step) % n == 0 {
      var upper = [Double](repeating: 0, count: n)
      var right = upper
      for i in 0..<n {
        let diagonal = i == 0 || i == n - 1 ? 5.0 : 4.0
        let pivot = diagonal - (i > 0 ? upper[i - 1] : 0)
        upper[i] = 1 / pivot
        right[i] = (6 * values[start + i * step] - (i > 0 ? right[i - 1] : 0)) / pivot
      }
      for i in stride(from: n - 1, through: 0, by: -1) {
        let behind = i + 1 < n ? values[start + (i + 1) * step] : 0
        values[start + i * step] = right[i] - (i + 1 < n ? upper[i] * behind : 0)
      }
    }
  }

  /// Slices across `axis` resized in their plane, one by one, then the nearest slice along the axis.
  static func separate(
    _ values: [Double], _ extent: Extent, to target: Extent, axis: Int,
    slice resize: ([Double], Extent, Extent) -> [Double]
  ) -> [Double] {
    var plane = target
    plane[axis] = 1
    var sourcePlane = extent
    sourcePlane[axis] = 1
    let slices = (0..<extent[axis]).map { index in
      resize(indices(extent).filter { $0[axis] == index }.map { values[offset($0, extent)] }, sourcePlane, plane)
    }
    let nearest = (0..<target[axis]).map { tap(0, $0, from: extent[axis], to: target[axis], padding: 0)[0].0 }
    return indices(target).map { index in
      var inPlane = index
      inPlane[axis] = 0
      return slices[nearest[index[axis]]][offset(inPlane, plane)]
    }
  }

  static func indices(_ extent: Extent) -> [[Int]] {
    (0..<extent.count).map { [$0 / (extent.y * extent.x), ($0 / extent.x) % extent.y, $0 % extent.x] }
  }

  private static func offset(_ index: [Int], _ extent: Extent) -> Int {
    (index[0] * extent.y + index[1]) * extent.x + index[2]
  }

  /// batchgenerators' rule for labels (0.25.4 and later), order 1.
  static func labels(_ values: [Double], _ extent: Extent, to target: Extent) -> [Double] {
    let present = Set(values).sorted()
    if present.count == 1 { return [Double](repeating: present[0], count: target.count) }
    let nearest = resize(values, extent, to: target, order: 0)
    let scores = present.map { label in
      resize(values.map { $0 == label ? 1 : 0 }, extent, to: target, order: 1)
    }
    return (0..<target.count).map { voxel in
      let top = scores.map { $0[voxel] }.max()!
      let atNearest = scores[present.firstIndex(of: nearest[voxel])!][voxel]
      if atNearest == top, atNearest > 0 { return nearest[voxel] }
      return present[scores.firstIndex { $0[voxel] == top }!]
    }
  }
}
