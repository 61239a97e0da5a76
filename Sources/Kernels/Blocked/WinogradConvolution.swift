/// A convolution by Winograd's method in three steps: planes of the input are transformed along y and x; for each point of a plane, the
/// transform along z, a small product for each point that mixes the channels, and the way back along z; then planes are transformed
/// back.
///
/// Where the output has many tiles, the three steps run for one brick of tiles after the other, so that what lies between them
/// stays in the second-level cache (Gelashvili, Shavit, Zlateski: L3 fusion, arXiv 1912.02165). Where it has few, each step runs for all
/// tiles, so that all threads have work and the weights, which are large there, are read once.
///
/// In a decoder half of the input is what a transposed convolution makes, which has neither bias nor activation. So both are one
/// linear map, and the upsampled tensor, the largest there is, need not exist: the convolution is then the sum of two terms, one on
/// the transposed convolution's own input, one on the skip connection.
///
/// Bricks depend on the layer's shape alone, never on the number of threads; so the bits don't either.
public struct WinogradConvolution: Sendable {
  /// Extent of the output.
  public let output: SIMD3<Int>
  public let outputChannels: Int
  /// In the order in which they are added up.
  let terms: [WinogradTerm]
  /// Voxels of the output that are computed together, per axis: whole tiles of each term. `nil` where each step runs for all tiles.
  let brick: SIMD3<Int>?

  /// - Parameters:
  ///   - sources: channels of each input tensor, in the order of concatenation.
  ///   - transform: one that fits the window.
  public init(window: ConvolutionWindow, sources: [Int], outputChannels: Int, transform: WinogradTransform) {
    precondition(transform.fits(window), "a transform of another kind of convolution")
    self.init(
      output: window.output, outputChannels: outputChannels,
      terms: [
        WinogradTerm(
          transform: transform, input: window.input, output: window.output, sources: sources,
          outputChannels: outputChannels)
      ])
  }

  /// A convolution of a tensor that a transposed convolution enlarges and of a skip connection, both at once.
  /// - Parameters:
  ///   - factor: kernel and stride of the transposed convolution, 1 or 2 per axis.
  ///   - upsampledFrom: channels of the transposed convolution's input.
  ///   - upsampledTransform: one that fits the window after `factor`.
  ///   - sources: channels of the tensors of the skip connection.
  ///   - transform: one that fits the window and divides the tiles of `upsampledTransform`.
  public init(
    window: ConvolutionWindow, factor: SIMD3<Int>, upsampledFrom: Int, upsampledTransform: WinogradTransform,
    sources: [Int], outputChannels: Int, transform: WinogradTransform
  ) {
    precondition(
      transform.fits(window) && upsampledTransform.fits(window, upsampledBy: factor)
        && transform.dividesTiles(of: upsampledTransform),
      "a transform of another kind of convolution")
    self.init(
      output: window.output, outputChannels: outputChannels,
      terms: [
        WinogradTerm(
          transform: upsampledTransform, input: window.input.dividedUp(by: factor), output: window.output,
          sources: [upsampledFrom], outputChannels: outputChannels),
        WinogradTerm(
          transform: transform, input: window.input, output: window.output, sources: sources,
          outputChannels: outputChannels),
      ])
  }

  private init(output: SIMD3<Int>, outputChannels: Int, terms: [WinogradTerm]) {
    self.output = output
    self.outputChannels = outputChannels
    self.terms = terms
    // The first term has the larger tiles.
    brick = TileBrick.size(of: terms[0]).map { $0 &* terms[0].transform.outputs }
  }

  /// The last term's; the first one's is that of an upsampled tensor, if there is one.
  public var transform: WinogradTransform { terms[terms.count - 1].transform }
  public var upsampledTransform: WinogradTransform? { terms.count > 1 ? terms[0].transform : nil }

  var outputBlocks: Int { BlockedTensor.blocks(outputChannels) }

  /// Items that the last of three phases shares out for each block of channels.
  var planeGroups: Int { min(output[0], max(1, 32 / outputBlocks)) }

  /// Parts of the statistics.
  public var parts: Int { brick.map { output.dividedUp(by: $0).product } ?? planeGroups }

  /// Floats of the packed weights, those of one term after the other.
  public var packedWeights: Int { terms.reduce(0) { $0 + $1.packedWeights } }

  public var scratch: ScratchNeed {
    guard let brick else {
      let layouts = terms.map { TileLayout($0, box: $0.tiles, inPlace: false) }
      return ScratchNeed(
        shared: layouts.map(\.depths).max() ?? 0, perWorker: layouts.map(\.workerFloats).max() ?? 0)
    }
    let layouts = terms.map { TileLayout($0, box: brick.dividedUp(by: $0.transform.outputs), inPlace: true) }
    return ScratchNeed(perWorker: (layouts.map(\.floats).max() ?? 0) + sumFloats)
  }

  /// Of the sum of all terms but the last, for one brick.
  private var sumFloats: Int {
    guard let brick, terms.count > 1 else { return 0 }
    return BlockedTensor.floats(channels: outputChannels, extent: brick)
  }

  /// Planes of the output that are computed together and of the input that they see beyond, on either side: how far apart an input
  /// and the output may lie in the same memory. `nil` where each step runs for all tiles.
  public var slab: (planes: Int, beyond: Int)? {
    brick.map { ($0[0], terms[terms.count - 1].transform.z.padding) }
  }

  /// Computes the convolution without bias, and its statistics.
  /// - Parameters:
  ///   - tensors: of each term and source; none overlaps the output, unless the order allows it.
  ///   - weights: from `pack`.
  ///   - output: overwritten; its `pending` doesn't matter.
  ///   - moments: made for `parts`.
  ///   - order: of the slabs, for an output that takes the place of an input of the same extent. Bits don't depend on it.
  ///   - beforeSlab: called before a slab is computed, with the planes of the last term's inputs that it sees; not for the order `any`.
  public func run(
    _ tensors: [BlockedTensor], weights: UnsafePointer<Float>, output: BlockedTensor, moments: PartMoments,
    order: SlabOrder = .any, scratch: LayerScratch, pool: ComputePool, kernels: BlockedKernels = .best,
    beforeSlab: (_ planes: Range<Int>) -> Void = { _ in }
  ) {
    let works = works(tensors, weights, kernels)
    var last = WinogradTarget(
      tensor: output, moments: moments, pastCaches: LastLevelCache.isCrowded(by: output))
    guard let brick else {
      for work in works.dropLast() {
        work.computeInPhases(planeGroups: planeGroups, to: .init(tensor: output), scratch, pool)
      }
      if works.count > 1 { last.added = output }
      works[works.count - 1].computeInPhases(planeGroups: planeGroups, to: last, scratch, pool)
      return
    }
    let bricks = self.output.dividedUp(by: brick)
    func tiles(_ work: WinogradWork, item: Int) -> (first: SIMD3<Int>, box: SIMD3<Int>) {
      let outputs = work.term.transform.outputs
      let first = (bricks.place(item) &* brick).dividedUp(by: outputs)
      return (first, pointwiseMin(brick.dividedUp(by: outputs), work.term.tiles &- first))
    }
    /// What a thread will most likely read after a term of a brick: the input of the next term, or of a later brick. Bricks of tiles that
    /// are several planes deep bring one plane near while they transform the one before, and need the cache for their weights.
    func upcoming(after index: Int, item: Int) -> UpcomingInput? {
      let next = index + 1 < works.count ? item : item + pool.threads
      let work = works[(index + 1) % works.count]
      guard next < bricks.product, work.term.transform.z == .single else { return nil }
      let (first, box) = tiles(work, item: next)
      return work.upcoming(from: first, box: box)
    }
    order.forEach(bricks, pool, beforeSlab: { beforeSlab(inputPlanes(ofSlab: $0, depth: brick[0])) }) {
      [last] item, worker in
      let corner = bricks.place(item) &* brick
      let own = scratch.floats(worker: worker)
      var last = last
      for (index, work) in works.enumerated() {
        let (first, box) = tiles(work, item: item)
        var target = last
        if index < works.count - 1 {
          let sum = BlockedTensor(
            base: own, channels: outputChannels, extent: pointwiseMin(brick, self.output &- corner), pending: nil)
          target = WinogradTarget(tensor: sum, origin: corner)
          (last.added, last.addedOrigin) = (sum, corner)
        }
        work.compute(
          from: first, box: box, to: target, part: item, before: upcoming(after: index, item: item),
          in: own + sumFloats)
      }
    }
  }

  /// Planes of the last term's inputs that a slab of `depth` planes of the output sees.
  private func inputPlanes(ofSlab slab: Int, depth: Int) -> Range<Int> {
    let term = terms[terms.count - 1]
    let z = term.transform.z
    let first = slab * depth
    let end = min(first + depth, output[0])
    return max(0, first * z.stride - z.padding)..<min(term.input[0], end * z.stride + z.padding)
  }

  private func works(
    _ tensors: [BlockedTensor], _ weights: UnsafePointer<Float>, _ kernels: BlockedKernels
  ) -> [WinogradWork] {
    var rest = tensors[...]
    var weights = weights
    return terms.map { term in
      guard let transforms = kernels.transforms(term.transform) else {
        preconditionFailure("no kernels for \(term.transform)")  // `WinogradTransform` lists what there is
      }
      defer {
        rest = rest.dropFirst(term.inputs.sources.count)
        weights += term.packedWeights
      }
      return WinogradWork(
        term: term, transforms: transforms, kernels: kernels,
        blocks: InputBlock.list(Array(rest.prefix(term.inputs.sources.count))), weights: weights)
    }
  }
}
