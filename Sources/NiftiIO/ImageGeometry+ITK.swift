internal import CNifti

/// The numbers that SimpleITK reports for the same header, as nnU-Net keeps them in `CASE.pkl`: x first, coordinates that grow to
/// left, posterior, superior. Found by experiment with SimpleITK 2.5 and ITK's `itkNiftiImageIO.cxx`.
extension ImageGeometry {
  /// mm along x, y, z.
  public var itkSpacing: [Double] { spacing.millimetres.reversed() }

  /// The place of the first voxel in mm.
  public var itkOrigin: [Double] {
    guard qformCode > 0 || sformCode > 0 else { return [0, 0, 0] }
    let matrix = transform
    let signs = [-1.0, -1.0, 1.0]
    return (0..<3).map {
      let value = matrix[$0 * 4 + 3] * millimetresPerUnit
      return value == 0 ? 0 : signs[$0] * value
    }
  }

  /// Direction cosines, 3 by 3, row by row: column `j` is the direction of axis x, y or z.
  public var itkDirection: [Double] {
    let isPlaced = qformCode > 0 || sformCode > 0
    // Without any form, ITK doesn't turn from NIfTI's coordinates to its own.
    let matrix = isPlaced ? transform : [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]
    let signs = isPlaced ? [-1.0, -1.0, 1.0] : [1.0, 1.0, 1.0]
    var cosines = [Double](repeating: 0, count: 9)
    for column in 0..<3 {
      let values = (0..<3).map { matrix[$0 * 4 + column] }
      let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      // ITK's image reader makes a negative spacing positive and turns the axis around.
      let turn = pixdim[column + 1] < 0 ? -1.0 : 1.0
      for row in 0..<3 {
        let cosine = length > 0 ? values[row] / length : row == column ? 1 : 0
        cosines[row * 3 + column] = cosine == 0 ? 0 : turn * signs[row] * cosine
      }
    }
    return cosines
  }

  /// The sform or the qform, 3 rows of 4, in the header's unit and NIfTI's coordinates (right, anterior, superior).
  ///
  /// ITK prefers the sform if it is alone, or agrees with the qform, or names the scanner's coordinates and is orthogonal. Where both
  /// contradict each other by a flip only, ITK's choice hangs on the signs of a singular value decomposition; here the qform counts.
  private var transform: [Double] {
    guard sformCode > 0 else { return qform }
    guard qformCode > 0 else { return sform }
    let agree = zip(sform, qform).allSatisfy { abs($0 - $1) <= Self.agreement }
    let namesScanner = sformCode == 1
    return agree || namesScanner && isOrthogonal(sform) ? sform : qform
  }

  /// Up to which difference of elements ITK takes sform and qform for the same.
  private static let agreement = 1e-5
  /// Up to which cosine between axes ITK takes them for orthogonal.
  private static let orthogonality = 1e-4

  private func isOrthogonal(_ matrix: [Double]) -> Bool {
    let columns = (0..<3).map { column in (0..<3).map { matrix[$0 * 4 + column] } }
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let lengths = columns.map { dot($0, $0).squareRoot() }
    guard lengths.allSatisfy({ $0 > 0 }) else { return false }
    return [(0, 1), (0, 2), (1, 2)].allSatisfy {
      abs(dot(columns[$0.0], columns[$0.1])) / (lengths[$0.0] * lengths[$0.1]) <= Self.orthogonality
    }
  }

  /// The matrix of quaternion, offset, spacing and handedness, in niftilib's float32.
  private var qform: [Double] {
    let m = nifti_quatern_to_mat44(
      Float(quaternion[0]), Float(quaternion[1]), Float(quaternion[2]), Float(offset[0]), Float(offset[1]),
      Float(offset[2]), Float(pixdim[1]), Float(pixdim[2]), Float(pixdim[3]), Float(pixdim[0] < 0 ? -1.0 : 1.0)
    ).m
    return [
      m.0.0, m.0.1, m.0.2, m.0.3, m.1.0, m.1.1, m.1.2, m.1.3, m.2.0, m.2.1, m.2.2, m.2.3,
    ].map(Double.init)
  }
}
