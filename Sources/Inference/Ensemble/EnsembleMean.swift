public import Kernels
public import LabelMeasures
public import Preprocessing
public import Volumes

/// The mean of several models' probabilities for one case, and the label map that it decides
/// (nnunet/inference/ensemble_predictions.py, `merge_files`).
///
///     let mean = try EnsembleMean(members: [first, second])
///     let labels = try mean.decide(properties: properties, rule: .largest, pool: pool)
///
/// As numpy's mean of float16 arrays: members are added in float32 in their order, divided in float32, and the mean is rounded to
/// float16 before labels are decided. Where a member is float32, the mean stays float32, as numpy's would. Members are read block by
/// block, so nothing of the size of classes times voxels is in memory. Bits don't depend on threads.
public struct EnsembleMean: Sendable {
  private let members: [ProbabilityMap]
  /// One for each member.
  private let weights: [Float]
  private let divisor: Float

  /// - Parameters:
  ///   - members: of equal shape, at least one.
  ///   - weights: one for each member, not negative and not all 0; the mean is divided by their sum. `nil`, or equal weights that
  ///     are powers of 2, give nnU-Net's bits.
  /// - Throws: `InferenceError.Code.shapeMismatch` or `.invalidOptions`.
  public init(members: [ProbabilityMap], weights: [Double]? = nil) throws {
    guard let first = members.first else {
      throw InferenceError(.invalidOptions, "An ensemble needs at least one model's probabilities, found none.")
    }
    for (index, member) in members.enumerated()
    where member.extent != first.extent || member.channels != first.channels {
      throw InferenceError(
        .shapeMismatch,
        "Averaging needs probabilities of one shape: member 1 has \(first.channels) classes of \(first.extent) voxels, "
          + "member \(index + 1) has \(member.channels) of \(member.extent). Are they of the same case and task?")
    }
    let weights = (weights ?? members.map { _ in 1 }).map(Float.init)
    let sum = weights.reduce(0, +)
    guard weights.count == members.count, weights.allSatisfy({ $0 >= 0 }), sum > 0, sum.isFinite else {
      throw InferenceError(
        .invalidOptions,
        "Weights must be one number for each of the \(members.count) members, none negative and not all 0; found \(weights)."
      )
    }
    self.members = members
    self.weights = weights
    divisor = sum
  }

  public var channels: Int { members[0].channels }
  /// The cropped image.
  public var extent: Extent { members[0].extent }

  /// Decides the labels of each voxel of the cropped image and pastes them into its place in the image.
  /// - Parameters:
  ///   - properties: of the case; only the extents and the crop box count.
  ///   - kept: also gets the mean, where given: of the members' shape, rows in the image's axis order.
  ///   - certainty: also gets how sure each voxel's label is, but the background's, where given; for as many workers as the pool has.
  /// - Throws: `InferenceError.Code.shapeMismatch` when the members don't fit the case, `.unreadableFile` for a probability that
  ///   isn't a number.
  public func decide(
    properties: CaseProperties, rule: LabelRule, pool: ComputePool, keeping kept: HalfPrecisionFile? = nil,
    certainty: CertaintySums? = nil
  ) throws -> LabelVolume {
    try check(properties, rule: rule, kept: kept)
    let labels = LabelVolume(extent: properties.originalExtent)
    let target = labels.elements.baseAddress!
    let place = Placement(axes: .identity, in: properties.originalExtent, at: properties.cropBox.lower)
    let (width, height) = (extent.x, extent.y)
    let rowsPerBlock = min(height, max(1, Self.valuesPerBlock / width))
    let blocks = (height + rowsPerBlock - 1) / rowsPerBlock
    let rows = RowScratch(threads: pool.threads, width: rowsPerBlock * width)
    let entropies = VoxelStorage<Double>(
      count: certainty == nil ? 0 : pool.threads * rowsPerBlock * width, repeating: 0)
    let scratch = VoxelStorage<Float>(uninitialized: pool.threads * rowsPerBlock * width)
    let isBroken = VoxelStorage<Bool>(count: pool.threads, repeating: false)
    let channels = channels
    func decide(_ plane: Int, _ block: Int, _ worker: Int) {
      let range = block * rowsPerBlock..<min(height, (block + 1) * rowsPerBlock)
      let count = range.count * width
      let start = (plane * height + range.lowerBound) * width
      let values = rows.values(worker)
      let decision = rows.decision(worker)
      let entropy = entropies.elements.baseAddress.map { $0 + worker * rowsPerBlock * width }
      entropy?.update(repeating: 0, count: count)
      decision.begin(rule)
      for channel in 0..<channels {
        average(
          channel * extent.count + start, count: count, into: values,
          scratch: scratch.elements.baseAddress! + worker * rowsPerBlock * width)
        for index in 0..<count where values[index].isNaN { isBroken.elements[worker] = true }
        decision.take(values, channel: channel, rule, entropy: entropy)
        guard let kept else { continue }
        for row in range {
          kept.write(values + (row - range.lowerBound) * width, channel: channel, plane: plane, row: row)
        }
      }
      if let certainty, let entropy {
        for index in 0..<count where decision.labels[index] > 0 {
          certainty.add(
            decision.labels[index], confidence: Double(decision.best[index]), entropy: entropy[index], worker: worker)
        }
      }
      for row in range {
        (target + place.offset(plane: plane, row: row))
          .update(from: decision.labels + (row - range.lowerBound) * width, count: width)
      }
    }
    let planes = max(1, Self.valuesAtOnce / (channels * members.count * height * width))
    for first in stride(from: 0, to: extent.z, by: planes) {
      pool.forEach(min(planes, extent.z - first) * blocks) { item, worker in
        let (plane, block) = item.quotientAndRemainder(dividingBy: blocks)
        decide(first + plane, block, worker)
      }
      for member in members { member.unload() }
      kept?.unload()
    }
    guard !withExtendedLifetime(isBroken, { isBroken.elements.contains(true) }) else {
      throw ProbabilityMap.unreadable("the ensemble's members", "they hold values that aren't numbers (NaN)")
    }
    return labels
  }

  /// After so many values of all members together, mapped memory is given back.
  private static let valuesAtOnce = 1 << 24

  /// So many values of a channel are decided at a time: few enough for a processor's nearest cache.
  private static let valuesPerBlock = 4096

  /// The mean of `count` values from an index of `[class, z, y, x]` on.
  /// - Parameter scratch: room for as many.
  private func average(
    _ start: Int, count: Int, into values: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    values.update(repeating: 0, count: count)
    for (member, weight) in zip(members, weights) {
      member.read(from: start, count: count, into: scratch)
      for index in 0..<count { values[index] += weight * scratch[index] }
    }
    for index in 0..<count { values[index] /= divisor }
    guard members.allSatisfy({ $0.precision == .half }) else { return }
    HalfPrecisionKernels.narrow(values, into: scratch, count: count)
    HalfPrecisionKernels.widen(scratch, into: values, count: count)
  }

  private func check(_ properties: CaseProperties, rule: LabelRule, kept: HalfPrecisionFile?) throws {
    let box = properties.cropBox
    guard
      (0..<3).allSatisfy({
        0 <= box.lower[$0] && box.lower[$0] < box.upper[$0] && box.upper[$0] <= properties.originalExtent[$0]
      }), properties.croppedExtent == extent
    else {
      throw InferenceError(
        .shapeMismatch,
        "The probabilities have \(extent) voxels, the case's crop box is \(box.lower) to \(box.upper) of \(properties.originalExtent); "
          + "take probabilities and properties of the same prediction.")
    }
    let expected = if case .regions(let order) = rule { order.count } else { channels }
    guard (1...256).contains(channels), channels == expected else {
      throw InferenceError(
        .shapeMismatch,
        "Labels of 8 bits need 1 to 256 classes, as many as there are regions; found \(channels) classes for \(expected)."
      )
    }
    guard kept.map({ $0.channels == channels && $0.extent == extent && $0.axes.isIdentity }) ?? true else {
      throw InferenceError(
        .shapeMismatch, "Keeping the mean needs a file of \(channels) channels of \(extent) voxels, found another.")
    }
  }
}
