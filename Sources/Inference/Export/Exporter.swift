public import Kernels
public import LabelMeasures
public import Preprocessing
public import SlidingWindow
public import Volumes

/// Turns the stream of a volume's class probabilities into the image's label map: resampled back, decided, transposed and pasted
/// into the crop box (nnunet/inference/segmentation_export.py, `save_segmentation_nifti_from_softmax`).
///
///     let exporter = try Exporter(properties: properties, interpolation: …, classes: 3, rule: .largest, pool: pool)
///     try stitcher.run(tiles: tiles, pool: pool) { try exporter.consume($0) }
///     let labels = try exporter.finish()
///
/// Probabilities are resampled before labels are decided, yet classes times voxels of the image are never in memory, nor classes
/// times voxels of one of its planes: the volume streams along its first axis in slabs, and of each slab the image's rows are
/// made one after the other, all classes of a row in the processor's cache. The last plane of the slab before is kept, on the
/// network's grid.
/// Inside float64; each interpolated probability is rounded to float32 before it is compared. Bits don't depend on threads.
public final class Exporter {
  private let properties: CaseProperties
  private let classes: Int
  private let rule: LabelRule
  private let pool: ComputePool
  private let probabilities: HalfPrecisionFile?
  private let certainty: CertaintySums?
  /// Between planes, along axis 0 of the network's order.
  private let stream: AxisInterpolation
  private let interpolator: RowInterpolator
  private let scratch: ExportScratch
  /// The last plane of the slab before, `[class, y, x]`.
  private let before: VoxelStorage<Float>
  /// The cropped image in the network's axis order.
  private let output: Extent
  private let labels: LabelVolume
  private var nextInput = 0
  private var nextOutput = 0

  /// - Parameters:
  ///   - classes: channels of the probabilities.
  ///   - probabilities: also gets the cropped image's probabilities, where given.
  ///   - certainty: also gets how sure each voxel's label is, but the background's, where given; for as many workers as the pool has.
  /// - Throws: `InferenceError.Code.shapeMismatch` for properties that don't fit together.
  public init(
    properties: CaseProperties, interpolation: ExportInterpolation, classes: Int, rule: LabelRule, pool: ComputePool,
    probabilities: HalfPrecisionFile? = nil, certainty: CertaintySums? = nil
  ) throws {
    try Self.check(properties, classes: classes, rule: rule)
    let axes = properties.transposeForward
    guard
      probabilities.map({
        $0.channels == classes && $0.extent == properties.croppedExtent && $0.axes == axes
      }) ?? true
    else {
      throw InferenceError(
        .shapeMismatch,
        "Keeping probabilities needs a file of \(classes) channels of \(properties.croppedExtent) voxels, found another."
      )
    }
    self.properties = properties
    self.classes = classes
    self.rule = rule
    self.pool = pool
    self.probabilities = probabilities
    self.certainty = certainty
    let output = axes.apply(properties.croppedExtent)
    let interpolations = try (0..<3).map {
      try AxisInterpolation(order: interpolation.orders[$0], from: properties.resampledExtent[$0], to: output[$0])
    }
    stream = interpolations[0]
    interpolator = RowInterpolator(rows: interpolations[1], columns: interpolations[2])
    scratch = ExportScratch(
      threads: pool.threads, classes: classes, width: output.x, lineCount: interpolator.scratchCount)
    before = VoxelStorage(count: classes * interpolator.planeCount, repeating: 0)
    self.output = output
    labels = LabelVolume(extent: properties.originalExtent)
  }

  private static func check(_ properties: CaseProperties, classes: Int, rule: LabelRule) throws {
    let box = properties.cropBox
    guard
      (0..<3).allSatisfy({
        0 <= box.lower[$0] && box.lower[$0] < box.upper[$0] && box.upper[$0] <= properties.originalExtent[$0]
          && properties.resampledExtent[$0] > 0
      })
    else {
      throw InferenceError(
        .shapeMismatch,
        "Exporting a label map needs a crop box inside the image of \(properties.originalExtent) voxels, found \(box.lower) to "
          + "\(box.upper); preprocess the image again.")
    }
    let expected = if case .regions(let order) = rule { order.count } else { classes }
    guard (1...256).contains(classes), classes == expected else {
      throw InferenceError(
        .shapeMismatch,
        "Labels of 8 bits need 1 to 256 classes, as many as there are regions; found \(classes) classes for \(expected)."
      )
    }
  }

  /// Takes the next planes of the stream.
  /// - Throws: `InferenceError.Code.shapeMismatch` unless the slab follows the last one and has the network's plane.
  public func consume(_ slab: ProbabilitySlab) throws {
    let expected = Extent(z: slab.planes.count, y: properties.resampledExtent.y, x: properties.resampledExtent.x)
    guard
      slab.planes.lowerBound == nextInput, slab.planes.upperBound <= properties.resampledExtent.z,
      slab.probabilities.channels == classes, slab.probabilities.extent == expected
    else {
      throw InferenceError(
        .shapeMismatch,
        "Exporting expected planes from \(nextInput) with \(classes) classes of \(properties.resampledExtent), found planes \(slab.planes) with "
          + "\(slab.probabilities.channels) classes of \(slab.probabilities.extent).")
    }
    var end = nextOutput
    while end < stream.count, stream.upper[end] < slab.planes.upperBound { end += 1 }
    let planes = SlabPlanes(slab: slab, before: before)
    export(nextOutput..<end, from: planes)
    if slab.planes.upperBound < properties.resampledExtent.z { planes.keepLast() }
    probabilities?.unload()
    nextOutput = end
    nextInput = slab.planes.upperBound
  }

  /// The finished label map, of the image's extent.
  /// - Throws: `InferenceError.Code.shapeMismatch` when planes are missing.
  public func finish() throws -> LabelVolume {
    guard nextInput == properties.resampledExtent.z, nextOutput == stream.count else {
      throw InferenceError(
        .shapeMismatch,
        "Exporting expected \(properties.resampledExtent.z) planes of probabilities, found \(nextInput).")
    }
    return labels
  }

  /// Bytes that an exporter needs beside the label map.
  static func workingBytes(_ properties: CaseProperties, classes: Int, threads: Int) -> Int {
    let network = properties.resampledExtent
    let width = properties.transposeForward.apply(properties.croppedExtent).x
    return classes * network.y * network.x * MemoryLayout<Float>.stride
      + ExportScratch.bytes(
        threads: threads, classes: classes, width: width, lineCount: network.x + VolumeKernels.rowScratchPadding)
  }

  /// Writes the labels of output planes `outputs` along the streaming axis. Each row is the work of one thread.
  private func export(_ outputs: Range<Int>, from planes: SlabPlanes) {
    let labels = labels.elements.baseAddress!
    let place = Placement(
      axes: properties.transposeForward, in: properties.originalExtent, at: properties.cropBox.lower)
    let (classes, interpolator, scratch, stream) = (classes, interpolator, scratch, stream)
    pool.forEach(output.y) { row, worker in
      // Plane `p` of the network's grid goes to slot `p % 2`: an output plane lies between neighbours.
      var held = [-1, -1]
      func values(_ plane: Int) -> UnsafePointer<Double> {
        let rows = scratch.rows(worker, slot: plane % 2)
        if held[plane % 2] != plane {
          let (origin, classStride) = planes.plane(plane)
          interpolator.interpolate(
            row: row, of: origin, classes: classes, classStride: classStride, scratch: scratch.line(worker),
            into: rows, rowStride: scratch.rowStride)
          held[plane % 2] = plane
        }
        return UnsafePointer(rows)
      }
      for plane in outputs {
        let between = RowBetween(
          below: values(stream.lower[plane]), above: values(stream.upper[plane]),
          weights: (stream.lowerWeight[plane], stream.upperWeight[plane]))
        let start = labels + place.offset(plane: plane, row: row)
        if place.columnStride == 1 {
          decide(between, plane: plane, row: row, worker: worker, into: start)
        } else {
          let decided = scratch.labels(worker)
          decide(between, plane: plane, row: row, worker: worker, into: decided)
          for x in 0..<output.x { start[x * place.columnStride] = decided[x] }
        }
      }
    }
  }

  /// A row of all classes between two planes of the network's grid.
  private struct RowBetween {
    let below: UnsafePointer<Double>
    let above: UnsafePointer<Double>
    let weights: (below: Double, above: Double)
  }

  /// Decides the labels of one row, and keeps its probabilities where they are wanted.
  private func decide(
    _ between: RowBetween, plane: Int, row: Int, worker: Int, into labels: UnsafeMutablePointer<UInt8>
  ) {
    defer { if let certainty { note(between, labels: labels, worker: worker, in: certainty) } }
    var regions: [UInt8] = []
    switch rule {
    case .largest:
      VolumeKernels.best.decide(
        between.below, between.above, weights: between.weights, classes: classes, classStride: scratch.rowStride,
        count: output.x, into: labels)
      if probabilities == nil { return }
    case .regions(let order):
      regions = order
      labels.update(repeating: 0, count: output.x)
    }
    let values = scratch.values(worker)
    for channel in 0..<classes {
      let offset = channel * scratch.rowStride
      VolumeKernels.best.blend(
        between.below + offset, between.above + offset, weights: between.weights, count: output.x, into: values)
      if !regions.isEmpty {
        let label = regions[channel]
        for x in 0..<output.x where values[x] > 0.5 { labels[x] = label }
      }
      probabilities?.write(values, channel: channel, plane: plane, row: row)
    }
  }

  /// Notes how sure the labels of one row are.
  private func note(_ between: RowBetween, labels: UnsafePointer<UInt8>, worker: Int, in certainty: CertaintySums) {
    let stride = scratch.rowStride
    @inline(__always) func probability(_ channel: Int, _ x: Int) -> Double {
      let place = channel * stride + x
      return between.below[place] * between.weights.below + between.above[place] * between.weights.above
    }
    for x in 0..<output.x where labels[x] > 0 {
      switch rule {
      case .largest:
        var entropy = 0.0
        for channel in 0..<classes { entropy += Entropy.part(probability(channel, x)) }
        certainty.add(labels[x], confidence: probability(Int(labels[x]), x), entropy: entropy, worker: worker)
      case .regions:
        // The last region above a half gave the label.
        guard let channel = (0..<classes).last(where: { Float(probability($0, x)) > 0.5 }) else { continue }
        let confidence = probability(channel, x)
        certainty.add(labels[x], confidence: confidence, entropy: Entropy.ofEvent(confidence), worker: worker)
      }
    }
  }
}
