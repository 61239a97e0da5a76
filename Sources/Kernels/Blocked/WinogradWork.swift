internal import CKernels

/// One run of a term of a Winograd convolution: its steps, for any box of tiles.
struct WinogradWork {
  let term: WinogradTerm
  let transforms: TileTransforms
  let kernels: BlockedKernels
  let blocks: [InputBlock]
  let weights: UnsafePointer<Float>

  private var transform: WinogradTransform { term.transform }

  // MARK: Bricks

  /// All steps for one brick of tiles.
  /// - Parameters:
  ///   - first: its first tile.
  ///   - box: its tiles, per axis; fewer at the layer's end.
  ///   - part: of the statistics.
  ///   - upcoming: what will be transformed next.
  ///   - scratch: of one worker.
  func compute(
    from first: SIMD3<Int>, box: SIMD3<Int>, to target: WinogradTarget, part: Int, before upcoming: UpcomingInput?,
    in scratch: UnsafeMutablePointer<Float>
  ) {
    let layout = TileLayout(term, box: box, inPlace: true)
    let products = scratch + layout.products
    let depths = scratch + layout.depths
    for block in blocks.indices {
      for row in 0..<box[1] {
        for plane in 0..<layout.inputPlanes {
          // What comes next: the plane below, or the first one of the next block.
          let next = plane + 1 < layout.inputPlanes ? (block, plane + 1) : (block + 1, 0)
          transformInput(
            block: block, plane: plane, row: row, from: first, layout, next: next.0 < blocks.count ? next : nil,
            into: scratch)
        }
      }
    }
    for point in 0..<transform.planePoints {
      multiply(
        point: point, panels: 0..<term.outputBlocks, layout,
        transformed: scratch + point * layout.transformedPoint, products: products + point * layout.productPoint,
        depths: depths, upcoming)
    }
    let corner = first &* transform.outputs
    let planes = min(layout.outputPlanes, target.end[0] - corner[0])
    for block in 0..<term.outputBlocks {
      transformOutput(
        block: block, planes: 0..<planes, from: corner, layout, products: products, to: target, part: part,
        sums: depths + layout.moments)
    }
  }

  /// What a brick reads.
  func upcoming(from first: SIMD3<Int>, box: SIMD3<Int>) -> UpcomingInput {
    UpcomingInput(
      blocks: blocks, extent: term.input, first: first &* transform.step &- transform.padding,
      size: box &* transform.step &+ transform.overlap)
  }

  // MARK: Phases

  /// Input blocks that one item of the first phase transforms.
  private static let blocksOfAnItem = 4
  /// Panels that one item of the second phase computes.
  private static let panelsOfAnItem = 8

  /// Each step for all tiles.
  /// - Parameter planeGroups: parts of the statistics.
  func computeInPhases(planeGroups groups: Int, to target: WinogradTarget, _ room: LayerScratch, _ pool: ComputePool) {
    let layout = TileLayout(term, box: term.tiles, inPlace: false)
    let products = room.shared + layout.products

    let blockGroups = (blocks.count + Self.blocksOfAnItem - 1) / Self.blocksOfAnItem
    pool.forEach(layout.inputPlanes * blockGroups) { item, _ in
      let first = item % blockGroups * Self.blocksOfAnItem
      for block in first..<min(first + Self.blocksOfAnItem, blocks.count) {
        for row in 0..<layout.box[1] {
          transformInput(
            block: block, plane: item / blockGroups, row: row, from: .zero, layout, next: nil, into: room.shared)
        }
      }
    }

    let outputBlocks = term.outputBlocks
    let panelGroups = (outputBlocks + Self.panelsOfAnItem - 1) / Self.panelsOfAnItem
    pool.forEach(transform.planePoints * panelGroups) { item, worker in
      let point = item / panelGroups
      let first = item % panelGroups * Self.panelsOfAnItem
      multiply(
        point: point, panels: first..<min(first + Self.panelsOfAnItem, outputBlocks), layout,
        transformed: room.shared + point * layout.transformedPoint, products: products + point * layout.productPoint,
        depths: room.floats(worker: worker), nil)
    }

    let planes = target.end[0]
    pool.forEach(outputBlocks * groups) { item, worker in
      let group = item % groups
      transformOutput(
        block: item / groups, planes: group * planes / groups..<(group + 1) * planes / groups, from: .zero, layout,
        products: products, to: target, part: group, sums: room.floats(worker: worker) + layout.moments)
    }
  }

  // MARK: Steps

  /// Transforms a row of tiles of one plane of one block of the input.
  /// - Parameters:
  ///   - plane: of those that the box sees.
  ///   - row: of tiles, in the box.
  ///   - next: block and plane that will be asked for next.
  private func transformInput(
    block: Int, plane: Int, row: Int, from first: SIMD3<Int>, _ layout: TileLayout, next: (block: Int, plane: Int)?,
    into transformed: UnsafeMutablePointer<Float>
  ) {
    let input = blocks[block]
    let extent = term.input
    let corner = first &* transform.step &- transform.padding
    func address(_ block: Int, _ plane: Int) -> UnsafePointer<Float>? {
      let z = corner[0] + plane
      guard z >= 0, z < extent[0] else { return nil }
      return blocks[block].base + z % blocks[block].heldPlanes * extent[1] * extent[2] * BlockedTensor.lanes
    }
    for x in stride(from: 0, to: layout.box[2], by: Int(TESSERA_PLANE_TILES)) {
      let place = (plane * layout.row + row * layout.box[2] + x) * layout.inputWidth + block * BlockedTensor.lanes
      var request = tessera_plane_input(
        plane: address(block, plane), next: next.flatMap { address($0.block, $0.plane) }, height: extent[1],
        width: extent[2], y: corner[1] + row * transform.y.step, x: corner[2] + x * transform.x.step,
        tiles: min(layout.box[2] - x, Int(TESSERA_PLANE_TILES)), scale: input.scale, shift: input.shift,
        slope: input.slope, v: transformed + place, v_point: layout.transformedPoint, v_tile: layout.inputWidth)
      transforms.plane.input(&request)
    }
  }

  /// Products of all tiles at one point of a plane, with the transforms along z before and after.
  /// - Parameters:
  ///   - panels: blocks of output channels to compute.
  ///   - transformed, products: of that point; they may be the same memory.
  ///   - depths: scratch, see `TileLayout`.
  ///   - upcoming: what to bring near meanwhile.
  private func multiply(
    point: Int, panels: Range<Int>, _ layout: TileLayout, transformed: UnsafeMutablePointer<Float>,
    products: UnsafeMutablePointer<Float>, depths: UnsafeMutablePointer<Float>, _ upcoming: UpcomingInput?
  ) {
    let z = transform.z
    let lanes = BlockedTensor.lanes
    let inputPlane = layout.row * layout.inputWidth
    let outputPlane = layout.row * layout.outputWidth
    let tiles = layout.box[0]
    guard let transform = transforms.depth else {
      product(
        point: point, panels, rows: transformed, count: tiles * layout.row, layout,
        into: products + panels.lowerBound * lanes, row: layout.outputWidth, upcoming)
      return
    }
    for tile in 0..<tiles {
      transform.input(
        transformed + tile * z.step * inputPlane, inputPlane, depths + tile * inputPlane, layout.inputDepthPoint,
        inputPlane / lanes)
    }
    let results = depths + layout.outputDepths
    let panelFloats = panels.count * lanes
    for depth in 0..<z.rawValue {
      product(
        point: point * z.rawValue + depth, panels, rows: depths + depth * layout.inputDepthPoint,
        count: tiles * layout.row, layout, into: results + depth * layout.outputDepthPoint, row: panelFloats, nil)
    }
    // Rows of these panels lie side by side in `results`, among all panels in `products`.
    let isWhole = panels.count == term.outputBlocks
    for tile in 0..<tiles {
      let from = results + tile * layout.row * panelFloats
      let to = products + tile * z.outputs * outputPlane
      if isWhole {
        transform.output(from, layout.outputDepthPoint, to, outputPlane, outputPlane / lanes)
      } else {
        for row in 0..<layout.row {
          transform.output(
            from + row * panelFloats, layout.outputDepthPoint,
            to + row * layout.outputWidth + panels.lowerBound * lanes, outputPlane, panels.count)
        }
      }
    }
  }

  /// The product of all tiles at one point of all axes.
  private func product(
    point: Int, _ panels: Range<Int>, rows: UnsafePointer<Float>, count: Int, _ layout: TileLayout,
    into target: UnsafeMutablePointer<Float>, row: Int, _ upcoming: UpcomingInput?
  ) {
    let panel = point * term.outputBlocks + panels.lowerBound
    var noOffset = 0
    var soon = upcoming?.lines(share: point, of: transform.pointCount) ?? tessera_soon()
    withUnsafePointer(to: &noOffset) { noOffset in
      withUnsafePointer(to: &soon) { soon in
        kernels.multiply(
          tessera_product(
            a: rows, a_row: layout.inputWidth, offsets: noOffset, taps: 1, inner: layout.inputWidth,
            weights: weights + panel * BlockedTensor.lanes * layout.inputWidth, c: target, c_row: row,
            c_panel: BlockedTensor.lanes, rows: count, panels: panels.count, past_caches: 0, soon: soon))
      }
    }
  }

  /// Transforms planes of one block back and writes them.
  /// - Parameters:
  ///   - planes: of the box.
  ///   - corner: the box's first voxel.
  ///   - part: of the statistics.
  ///   - sums: scratch for them.
  private func transformOutput(
    block: Int, planes: Range<Int>, from corner: SIMD3<Int>, _ layout: TileLayout,
    products: UnsafePointer<Float>, to target: WinogradTarget, part: Int, sums: UnsafeMutablePointer<Float>
  ) {
    let extent = target.tensor.extent
    var written = 0
    for plane in planes {
      for row in 0..<layout.box[1] {
        let place = (plane * layout.row + row * layout.box[2]) * layout.outputWidth + block * BlockedTensor.lanes
        let inBox = SIMD3(plane, row * transform.y.outputs, 0)
        let voxel = corner &+ inBox &- target.origin
        var request = tessera_plane_output(
          m: products + place, m_point: layout.productPoint, m_tile: layout.outputWidth, tiles: layout.box[2],
          plane: target.tensor.block(block) + voxel[0] * extent[1] * extent[2] * BlockedTensor.lanes,
          height: extent[1], width: extent[2], y: voxel[1], x: voxel[2],
          added: target.added?.address(block: block, voxel: corner &+ inBox &- target.addedOrigin),
          added_width: target.added?.extent[2] ?? 0, moments: sums, first: written == 0 ? 1 : 0,
          past_caches: target.pastCaches ? 1 : 0)
        written += transforms.plane.output(&request)
      }
    }
    target.moments?.record(part: part, block: block, count: written, sums: sums)
  }
}

extension PartMoments {
  /// Records what the last step of Winograd's convolution summed up.
  /// - Parameter sums: `[shift, sum, squares][16]`, see winograd_kernels.h.
  @inline(__always)
  fileprivate func record(part: Int, block: Int, count: Int, sums: UnsafePointer<Float>) {
    let lanes = BlockedTensor.lanes
    record(part: part, block: block, count: count) { lane in
      let sum = Double(sums[lanes + lane])
      let rest = sum / Double(count)  // from the shift to the mean
      return (Double(sums[lane]) + rest, max(0, Double(sums[2 * lanes + lane]) - sum * rest))
    }
  }
}
