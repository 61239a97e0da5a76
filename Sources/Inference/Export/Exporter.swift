public import Kernels
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
/// Probabilities are resampled before labels are decided, yet classes times voxels of the image are never in memory: the volume
/// streams along its first axis, and two planes of each class, interpolated in-plane, are kept.
/// Inside float64; each interpolated probability is rounded to float32 before it is compared. Bits don't depend on threads.
public final class Exporter {
  private let properties: CaseProperties
  private let classes: Int
  private let rule: LabelRule
  private let pool: ComputePool
  private let probabilities: HalfPrecisionFile?
  /// Between planes, along axis 0 of the network's order.
  private let stream: AxisInterpolation
  private let interpolator: PlaneInterpolator
  /// Input planes that any output plane needs.
  private let needed: Set<Int>
  private let rows: RowScratch
  /// The cropped image in the network's axis order.
  private let output: Extent
  private let labels: LabelVolume
  private var nextInput = 0
  private var nextOutput = 0

  /// - Parameters:
  ///   - classes: channels of the probabilities.
  ///   - probabilities: also gets the cropped image's probabilities, where given.
  /// - Throws: `InferenceError.Code.shapeMismatch` for properties that don't fit together.
  public init(
    properties: CaseProperties, interpolation: ExportInterpolation, classes: Int, rule: LabelRule, pool: ComputePool,
    probabilities: HalfPrecisionFile? = nil
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
    let output = axes.apply(properties.croppedExtent)
    let interpolations = try (0..<3).map {
      try AxisInterpolation(order: interpolation.orders[$0], from: properties.resampledExtent[$0], to: output[$0])
    }
    stream = interpolations[0]
    needed = Set(stream.lower).union(stream.upper)
    interpolator = PlaneInterpolator(
      classes: classes, rows: interpolations[1], columns: interpolations[2], threads: pool.threads)
    rows = RowScratch(threads: pool.threads, width: output.x)
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
    for (offset, plane) in slab.planes.enumerated() {
      if needed.contains(plane) { interpolator.add(plane, of: slab.probabilities, at: offset, pool: pool) }
      while nextOutput < stream.count, stream.upper[nextOutput] <= plane {
        decide(nextOutput)
        nextOutput += 1
      }
    }
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
    let output = properties.transposeForward.apply(properties.croppedExtent)
    let planes = 2 * classes * output.y * output.x
    return (planes + threads * (properties.resampledExtent.x + 2 * output.x)) * MemoryLayout<Double>.stride
  }

  /// Decides the labels of output plane `plane` along the streaming axis. Each row is the work of one thread.
  private func decide(_ plane: Int) {
    let (below, above) = (stream.lower[plane], stream.upper[plane])
    let (belowWeight, aboveWeight) = (stream.lowerWeight[plane], stream.upperWeight[plane])
    let (width, height) = (output.x, output.y)
    let labels = labels.elements.baseAddress!
    let place = Placement(
      axes: properties.transposeForward, in: properties.originalExtent, at: properties.cropBox.lower)
    let (classes, rule, interpolator, probabilities, rows) = (classes, rule, interpolator, probabilities, rows)
    pool.forEach(height) { row, worker in
      let values = rows.values(worker)
      let decision = rows.decision(worker)
      decision.begin(rule)
      for channel in 0..<classes {
        let first = interpolator.plane(below, channel: channel) + row * width
        let second = interpolator.plane(above, channel: channel) + row * width
        for x in 0..<width { values[x] = Float(first[x] * belowWeight + second[x] * aboveWeight) }
        decision.take(values, channel: channel, rule)
        probabilities?.write(values, channel: channel, plane: plane, row: row)
      }
      let start = place.offset(plane: plane, row: row)
      for x in 0..<width { labels[start + x * place.columnStride] = decision.labels[x] }
    }
  }
}
