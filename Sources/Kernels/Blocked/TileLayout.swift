/// Where the tiles of a box lie between the steps of a Winograd convolution, in floats.
///
/// - `transformed`, `[point of a plane][plane][tile of a plane][input channel]`
/// - `products`, `[point of a plane][plane of the output][tile of a plane][output channel]`
/// - `inputDepths`, `[point of z][tile][input channel]` of one point of a plane; none where z needs no transform
/// - `outputDepths`, `[point of z][tile][output channel]` of one point of a plane; none likewise
///
/// Points lie a little more than their content apart: at powers of two they would share the sets of a cache.
struct TileLayout {
  /// Tiles, per axis.
  let box: SIMD3<Int>
  /// Tiles of a plane.
  let row: Int
  /// Planes of the input that the box sees.
  let inputPlanes: Int
  /// Planes of the output, those beyond its end included.
  let outputPlanes: Int
  let inputWidth: Int
  let outputWidth: Int
  let transformedPoint: Int
  let productPoint: Int
  let inputDepthPoint: Int
  let outputDepthPoint: Int

  /// Begin of `products`: zero where they take the place of the transformed input, which z must be transformed for in between.
  let products: Int
  /// Begin of `inputDepths`.
  let depths: Int
  /// Begin of `outputDepths`, from `depths`.
  let outputDepths: Int
  /// Begin of a part's moments, from `depths`.
  let moments: Int

  /// - Parameter inPlace: whether products may take the place of the transformed input, which a plane's point allows when all of it
  ///   has been read before.
  init(_ term: WinogradTerm, box: SIMD3<Int>, inPlace: Bool) {
    let transform = term.transform
    let z = transform.z
    let pad = BlockedTensor.lanes
    self.box = box
    row = box[1] * box[2]
    inputWidth = term.inputs.padded
    outputWidth = term.outputWidth
    inputPlanes = box[0] * z.step + z.overlap
    outputPlanes = box[0] * z.outputs
    transformedPoint = inputPlanes * row * inputWidth + pad
    let fits = inPlace && z != .single && outputPlanes * outputWidth <= inputPlanes * inputWidth
    productPoint = fits ? transformedPoint : outputPlanes * row * outputWidth + pad
    products = fits ? 0 : transform.planePoints * transformedPoint
    depths = products + transform.planePoints * productPoint
    inputDepthPoint = z == .single ? inputPlanes * row * inputWidth : box[0] * row * inputWidth + pad
    outputDepthPoint = z == .single ? 0 : box[0] * row * outputWidth + pad
    outputDepths = z == .single ? 0 : z.rawValue * inputDepthPoint
    moments = outputDepths + z.rawValue * outputDepthPoint
  }

  /// What a worker needs for itself when the tiles are shared.
  var workerFloats: Int { moments + 3 * BlockedTensor.lanes }
  var floats: Int { depths + workerFloats }
}
