internal import CKernels

/// The gradient of a convolution's weights, plain or transposed: for each tap, the sum over voxels of the outer products of input and
/// output gradient.
///
/// The voxels are divided into parts by the layer's shape alone; each part is summed on its own and the parts are added in their
/// order, so the bits are the same for any number of threads.
public struct WeightGradient: Sendable {
  /// What the input is, as for `DirectConvolution`.
  public typealias Source = DirectConvolution.Source

  /// What is multiplied at which place, for each voxel of `domain`.
  private struct Geometry {
    /// The voxels that are summed over, `[z, y, x]`.
    var domain: SIMD3<Int>
    var kernel: SIMD3<Int>
    /// Input voxels from one place to the next, and zeros around the input.
    var inputStride: SIMD3<Int>
    var padding: SIMD3<Int>
    var inputExtent: SIMD3<Int>
    /// Output voxels from one place to the next.
    var outputStride: SIMD3<Int>
    /// Whether a tap is an offset in the input (convolution) or in the output (transposed convolution).
    var tapsInInput: Bool
    var outputExtent: SIMD3<Int>
  }

  private let geometry: Geometry
  private let source: Source
  private let channels: BlockedChannels
  public let outputChannels: Int

  /// Of a convolution.
  public init(window: ConvolutionWindow, source: Source, outputChannels: Int) {
    self.source = source
    self.outputChannels = outputChannels
    geometry = Geometry(
      domain: window.output, kernel: window.kernel, inputStride: window.stride,
      padding: SIMD3(window.kernel[0] / 2, window.kernel[1] / 2, window.kernel[2] / 2), inputExtent: window.input,
      outputStride: SIMD3(1, 1, 1), tapsInInput: true, outputExtent: window.output)
    switch source {
    case .planes: channels = BlockedChannels([])
    case .tensors(let list): channels = BlockedChannels(list)
    }
  }

  /// Of a transposed convolution whose stride equals its kernel.
  public init(_ upsampling: BlockedUpsampling) {
    source = .tensors([upsampling.inputChannels])
    outputChannels = upsampling.outputChannels
    channels = BlockedChannels([upsampling.inputChannels])
    geometry = Geometry(
      domain: upsampling.input, kernel: upsampling.factor, inputStride: SIMD3(1, 1, 1), padding: SIMD3(0, 0, 0),
      inputExtent: upsampling.input, outputStride: upsampling.factor, tapsInInput: false,
      outputExtent: upsampling.output)
  }

  private static let lanes = BlockedTensor.lanes
  /// Places of one piece of work: enough to keep the products' sums in registers, few enough for the second-level cache.
  private static let pieceVoxels = 512
  private static let enoughItems = 16
  private static let panelsOfAnItem = 4

  private var isPlanar: Bool {
    if case .planes = source { true } else { false }
  }
  private var inputChannels: Int {
    switch source {
    case .planes(let count): count
    case .tensors(let list): list.reduce(0, +)
    }
  }
  private var taps: Int { geometry.kernel.product }
  private var outputBlocks: Int { BlockedTensor.blocks(outputChannels) }
  private var panelGroups: Int { (outputBlocks + Self.panelsOfAnItem - 1) / Self.panelsOfAnItem }
  /// Input blocks that are worked on apart; planes are worked on together.
  private var inputGroups: Int { isPlanar ? 1 : channels.blocks }

  /// Lines and planes of one piece.
  private var pieceLines: Int { min(geometry.domain[1], max(1, Self.pieceVoxels / geometry.domain[2])) }
  private var piecePlanes: Int {
    pieceLines < geometry.domain[1]
      ? 1 : min(geometry.domain[0], max(1, Self.pieceVoxels / (geometry.domain[1] * geometry.domain[2])))
  }
  private var pieces: SIMD3<Int> { geometry.domain.dividedUp(by: SIMD3(piecePlanes, pieceLines, geometry.domain[2])) }
  private var parts: Int {
    let items = inputGroups * panelGroups
    return min(pieces.product, (Self.enoughItems + items - 1) / items)
  }

  private var lanesOfInput: Int { isPlanar ? 1 : Self.lanes }
  private var paddedWidth: Int { geometry.inputExtent[2] + 2 * geometry.padding[2] }
  private var reach: SIMD3<Int> { geometry.tapsInInput ? geometry.kernel : SIMD3(1, 1, 1) }
  private var copiedLines: Int { (pieceLines - 1) * geometry.inputStride[1] + reach[1] }
  private var copiedPlanes: Int { (piecePlanes - 1) * geometry.inputStride[0] + reach[0] }
  private var copiedParts: Int { isPlanar ? inputChannels : 1 }

  /// Rows of sixteen floats of the sums of one part: `[panel][plane][tap]` or `[block][panel][tap][channel of the block]`.
  private var rows: Int {
    outputBlocks * (isPlanar ? inputChannels * taps : channels.blocks * taps * Self.lanes)
  }

  public var scratch: ScratchNeed {
    ScratchNeed(
      shared: parts * rows * Self.lanes,
      perWorker: copiedParts * copiedPlanes * copiedLines * paddedWidth * lanesOfInput)
  }

  /// Adds the gradient of a convolution of blocked tensors, or of a transposed convolution.
  /// - Parameters:
  ///   - tensors: the layer's inputs, with what is pending on them.
  ///   - outputGradient: of the layer's output, before normalisation.
  ///   - gradient: added to, in the order of nnU-Net's weights: `[output channel][input channel][z][y][x]`, or
  ///     `[input channel][output channel][z][y][x]` of a transposed convolution.
  public func add(
    _ tensors: [BlockedTensor], outputGradient: BlockedTensor, to gradient: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, pool: ComputePool, kernels: GradientKernels = .best
  ) {
    let blocks = InputBlock.list(tensors)
    add(outputGradient: outputGradient, to: gradient, scratch: scratch, pool: pool, kernels: kernels) {
      part, line, target in
      kernels.blocked.load(
        blocks[part], first: line * geometry.inputExtent[2], count: geometry.inputExtent[2], into: target,
        stride: Self.lanes)
    }
  }

  /// Adds the gradient of a convolution of a patch, `[channel][z][y][x]`.
  public func add(
    patch: UnsafePointer<Float>, outputGradient: BlockedTensor, to gradient: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, pool: ComputePool, kernels: GradientKernels = .best
  ) {
    let extent = geometry.inputExtent
    add(outputGradient: outputGradient, to: gradient, scratch: scratch, pool: pool, kernels: kernels) {
      part, line, target in
      target.update(from: patch + part * extent.product + line * extent[2], count: extent[2])
    }
  }

  private func add(
    outputGradient: BlockedTensor, to gradient: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
    pool: ComputePool, kernels: GradientKernels,
    _ copyLine: (_ part: Int, _ line: Int, _ target: UnsafeMutablePointer<Float>) -> Void
  ) {
    let room = LayerScratch(base: scratch, need: self.scratch, threads: pool.threads)
    let (parts, rows, panelGroups, inputGroups, pieces) = (parts, rows, panelGroups, inputGroups, pieces)
    let panelRows = isPlanar ? inputChannels * taps : taps * Self.lanes
    pool.forEach(parts * inputGroups * panelGroups) { item, worker in
      let part = item / (inputGroups * panelGroups)
      let group = item / panelGroups % inputGroups
      let firstPanel = item % panelGroups * Self.panelsOfAnItem
      let panels = firstPanel..<min(firstPanel + Self.panelsOfAnItem, outputBlocks)
      let sums = room.shared + (part * rows + (group * outputBlocks + firstPanel) * panelRows) * Self.lanes
      sums.update(repeating: 0, count: panels.count * panelRows * Self.lanes)
      let copies = room.floats(worker: worker)
      let count = pieces.product
      for piece in part * count / parts..<(part + 1) * count / parts {
        sum(
          piece: pieces.place(piece), group: group, panels: panels, outputGradient, copies: copies, into: sums, kernels,
          copyLine)
      }
    }
    collect(room.shared, into: gradient, pool)
  }

  /// Adds the products of one piece of the voxels.
  private func sum(
    piece: SIMD3<Int>, group: Int, panels: Range<Int>, _ outputGradient: BlockedTensor,
    copies: UnsafeMutablePointer<Float>, into sums: UnsafeMutablePointer<Float>, _ kernels: GradientKernels,
    _ copyLine: (_ part: Int, _ line: Int, _ target: UnsafeMutablePointer<Float>) -> Void
  ) {
    let g = geometry
    let firstZ = piece[0] * piecePlanes
    let firstY = piece[1] * pieceLines
    let planes = min(piecePlanes, g.domain[0] - firstZ)
    let lines = min(pieceLines, g.domain[1] - firstY)
    let lineFloats = paddedWidth * lanesOfInput
    let planeFloats = copiedLines * lineFloats
    copy(group: group, firstZ: firstZ, firstY: firstY, planes: planes, lines: lines, into: copies, copyLine)

    let lanes = Self.lanes
    let bVoxel = SIMD3(
      g.outputStride[0] * g.outputExtent[1] * g.outputExtent[2], g.outputStride[1] * g.outputExtent[2],
      g.outputStride[2])
    let start = firstZ * bVoxel[0] + firstY * bVoxel[1]
    let inputParts = copiedParts
    let tapsOfACall = isPlanar ? g.kernel[2] : 1
    for (number, panel) in panels.enumerated() {
      let b = outputGradient.block(panel) + start * lanes
      var target = sums + number * (isPlanar ? inputChannels * taps : taps * lanes) * lanes
      for part in 0..<inputParts {
        for kz in 0..<g.kernel[0] {
          for ky in 0..<g.kernel[1] {
            for kx in stride(from: 0, to: g.kernel[2], by: tapsOfACall) {
              let inA = part * copiedPlanes * planeFloats + kz * planeFloats + ky * lineFloats + kx * lanesOfInput
              let inB = (kz * g.outputExtent[1] + ky) * g.outputExtent[2] + kx
              var product = tessera_outer_product(
                a: copies + (g.tapsInInput ? inA : 0), a_plane: g.inputStride[0] * planeFloats,
                a_line: g.inputStride[1] * lineFloats, a_step: g.inputStride[2] * lanesOfInput, a_row: 1,
                b: b + (g.tapsInInput ? 0 : inB * lanes), b_plane: bVoxel[0] * lanes, b_line: bVoxel[1] * lanes,
                b_step: bVoxel[2] * lanes, planes: planes, lines: lines, width: g.domain[2],
                rows: isPlanar ? tapsOfACall : channelsOfBlock(group).count, c: target)
              kernels.table.pointee.outer_product(&product)
              target += (isPlanar ? tapsOfACall : lanes) * lanes
            }
          }
        }
      }
    }
  }

  /// Brings the input that a piece sees to scratch, `[part][plane][line][padded x][lane]`, padded with zeros.
  private func copy(
    group: Int, firstZ: Int, firstY: Int, planes: Int, lines: Int, into copies: UnsafeMutablePointer<Float>,
    _ copyLine: (_ part: Int, _ line: Int, _ target: UnsafeMutablePointer<Float>) -> Void
  ) {
    let g = geometry
    let (lineFloats, side) = (paddedWidth * lanesOfInput, g.padding[2] * lanesOfInput)
    for part in 0..<copiedParts {
      for plane in 0..<(planes - 1) * g.inputStride[0] + reach[0] {
        let z = firstZ * g.inputStride[0] + plane - g.padding[0]
        for line in 0..<(lines - 1) * g.inputStride[1] + reach[1] {
          let y = firstY * g.inputStride[1] + line - g.padding[1]
          let target = copies + ((part * copiedPlanes + plane) * copiedLines + line) * lineFloats
          guard z >= 0, z < g.inputExtent[0], y >= 0, y < g.inputExtent[1] else {
            target.update(repeating: 0, count: lineFloats)
            continue
          }
          target.update(repeating: 0, count: side)
          (target + lineFloats - side).update(repeating: 0, count: side)
          copyLine(isPlanar ? part : group, z * g.inputExtent[1] + y, target + side)
        }
      }
    }
  }

  /// Adds the sums of all parts, in their order, where nnU-Net has the weights.
  private func collect(
    _ sums: UnsafeMutablePointer<Float>, into gradient: UnsafeMutablePointer<Float>, _ pool: ComputePool
  ) {
    let (parts, rows, taps, lanes) = (parts, rows, taps, Self.lanes)
    let (inputs, isConvolution) = (inputChannels, geometry.tapsInInput)
    let channelTaps = isPlanar ? 1 : lanes
    pool.forEach(inputGroups * outputBlocks) { item, _ in
      let (group, panel) = (item / outputBlocks, item % outputBlocks)
      let channels = isPlanar ? 0..<inputs : channelsOfBlock(group)
      let outputs = min(lanes, outputChannels - panel * lanes)
      // The channels of a block lie a row apart, the planes of a patch all their taps.
      let channelStep = (isPlanar ? taps : 1) * lanes
      let first = sums + item * (isPlanar ? inputs : lanes) * taps * lanes
      for part in 1..<max(parts, 1) {
        let more = first + part * rows * lanes
        for index in 0..<(isPlanar ? inputs : lanes) * taps * lanes { first[index] += more[index] }
      }
      for lane in 0..<outputs {
        for (number, channel) in channels.enumerated() {
          let output = panel * lanes + lane
          let place = isConvolution ? output * inputs + channel : channel * outputChannels + output
          let target = gradient + place * taps
          let source = first + number * channelStep + lane
          for tap in 0..<taps { target[tap] += source[tap * channelTaps * lanes] }
        }
      }
    }
  }

  /// Channels of the concatenation that a block holds.
  private func channelsOfBlock(_ block: Int) -> Range<Int> {
    var (blocks, first) = (0, 0)
    for source in channels.sources {
      let own = BlockedTensor.blocks(source)
      if block < blocks + own {
        let begin = (block - blocks) * Self.lanes
        return first + begin..<first + min(begin + Self.lanes, source)
      }
      blocks += own
      first += source
    }
    return 0..<0
  }
}
