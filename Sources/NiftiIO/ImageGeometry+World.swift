/// Places in NIfTI's world: mm that grow to right, anterior, superior.
extension ImageGeometry {
  /// Where a voxel lies, by the affine that ITK takes from the header.
  ///
  /// Without qform and sform the image has no place; then the first voxel is at 0 and the axes are the image's own.
  /// - Parameter index: x, y, z, from 0; fractions lie between voxels.
  public func world(_ index: [Double]) -> [Double] {
    let isPlaced = qformCode > 0 || sformCode > 0
    let signs = isPlaced ? [-1.0, -1.0, 1.0] : [1.0, 1.0, 1.0]
    let (origin, direction, spacing) = (itkOrigin, itkDirection, itkSpacing)
    return (0..<3).map { row in
      let place = (0..<3).reduce(origin[row]) { $0 + direction[row * 3 + $1] * spacing[$1] * index[$1] }
      return place == 0 ? 0 : signs[row] * place
    }
  }
}
