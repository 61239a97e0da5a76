internal import CNifti
internal import Volumes

extension ImageGeometry {
  /// The geometry of an image of which only SimpleITK's numbers are known, as in nnU-Net's `CASE.pkl`: what SimpleITK 2.5 writes into
  /// the header of an image that has them (ITK's `itkNiftiImageIO.cxx`), qform and sform both in the scanner's coordinates.
  ///
  /// - Parameters:
  ///   - spacing: mm along x, y, z.
  ///   - origin: the place of the first voxel in mm.
  ///   - direction: cosines, 3 by 3, row by row: column `j` is the direction of axis x, y or z.
  /// - Throws: `NiftiError` if a spacing isn't possible, or a number isn't finite.
  public init(itkSpacing spacing: [Double], origin: [Double], direction: [Double]) throws {
    guard spacing.count == 3, origin.count == 3, direction.count == 9 else {
      throw NiftiError(
        .geometry,
        "placing an image needs 3 numbers of spacing, 3 of origin and 9 of direction, "
          + "found \(spacing.count), \(origin.count) and \(direction.count); make its properties again")
    }
    // ITK's coordinates grow to left and posterior, NIfTI's to right and anterior.
    let signs = [-1.0, -1.0, 1.0]
    var rows = [Float](repeating: 0, count: 12)
    for row in 0..<3 {
      for column in 0..<3 {
        rows[row * 4 + column] = Float(signs[row] * direction[row * 3 + column] * spacing[column])
      }
      rows[row * 4 + 3] = Float(signs[row] * origin[row])
    }
    var matrix = mat44()
    matrix.m.0 = (rows[0], rows[1], rows[2], rows[3])
    matrix.m.1 = (rows[4], rows[5], rows[6], rows[7])
    matrix.m.2 = (rows[8], rows[9], rows[10], rows[11])
    matrix.m.3 = (0, 0, 0, 1)
    var (b, c, d, handedness) = (Float(0), Float(0), Float(0), Float(1))
    nifti_mat44_to_quatern(matrix, &b, &c, &d, nil, nil, nil, nil, nil, nil, &handedness)
    try self.init(
      rank: 3, pixdim: [Double(handedness)] + spacing.map { Double(Float($0)) },
      xyztUnits: Self.millimetresAndSeconds, qformCode: Self.scanner, sformCode: Self.scanner,
      quaternion: [Double(b), Double(c), Double(d)], offset: [3, 7, 11].map { Double(rows[$0]) },
      sform: rows.map(Double.init))
  }

  /// NIfTI's code of millimetres and seconds.
  private static let millimetresAndSeconds = 10
  /// NIfTI's code of the scanner's coordinates.
  private static let scanner = 1
}
