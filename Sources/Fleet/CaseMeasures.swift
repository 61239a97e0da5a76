internal import FleetContracts
internal import Inference
internal import LabelMeasures
internal import NiftiIO
internal import Volumes

/// What is measured of a finished case, in the words of the ledger.
struct CaseMeasures {
  let segmented: SegmentedCase
  let geometry: ImageGeometry

  /// - Parameters:
  ///   - labels: those that are told of, present or not.
  ///   - images: the image's files, a channel each. They stream by, twice.
  /// - Throws: `NiftiError`.
  func details(of labels: [Int], images: [Blob]) throws -> [LabelDetails] {
    var intensities: [Int: [LabelDetails.Intensity]] = [:]
    let present = segmented.statistics.filter { $0.shape != nil }.map(\.label)
    if !present.isEmpty {
      for (channel, image) in images.enumerated() {
        let sampler = try sample(image)
        for label in present {
          guard let measures = sampler.measures(of: label) else { continue }
          intensities[label, default: []].append(LabelDetails.Intensity(channel: channel, measures))
        }
      }
    }
    return labels.map { label in
      let found = segmented.statistics.first { $0.label == label }
      return details(label, found, intensities[label] ?? [])
    }
  }

  private func sample(_ image: Blob) throws -> IntensitySampler {
    let sampler = IntensitySampler(map: segmented.labels)
    try image.withBytes { bytes in
      let stream = ImageStream(borrowing: bytes)
      try stream.read(extent: segmented.labels.extent) { sampler.take($0) }
      sampler.turn()
      try stream.read(extent: segmented.labels.extent) { sampler.take($0) }
    }
    image.unloadMapped()
    return sampler
  }

  private func details(
    _ label: Int, _ found: LabelStatistics?, _ intensities: [LabelDetails.Intensity]
  ) -> LabelDetails {
    guard let found, let shape = found.shape else { return LabelDetails(label: label) }
    let centroid = Array(shape.centroid.reversed())
    return LabelDetails(
      label: label, box: box(shape.box), centroidVoxel: centroid, centroidMm: geometry.world(centroid),
      surfaceMm2: shape.surface, components: shape.components,
      largestComponentMl: Double(shape.largestComponent) * geometry.spacing.voxelMillilitres,
      touchesBorder: shape.touchesBorder, meanConfidence: found.meanConfidence, meanEntropy: found.meanEntropy,
      intensities: intensities)
  }

  private func box(_ box: VoxelBox) -> LabelDetails.Box {
    let lower = Array(box.lower.lengths.reversed())
    let upper = box.upper.lengths.reversed().map { $0 - 1 }
    // The outer faces lie half a voxel beyond the centres.
    let corners = (0..<8).map { corner in
      geometry.world((0..<3).map { corner >> $0 & 1 == 0 ? Double(lower[$0]) - 0.5 : Double(upper[$0]) + 0.5 })
    }
    return LabelDetails.Box(
      lowerVoxel: lower, upperVoxel: upper, lowerMm: (0..<3).map { axis in corners.map { $0[axis] }.min() ?? 0 },
      upperMm: (0..<3).map { axis in corners.map { $0[axis] }.max() ?? 0 })
  }
}

extension LabelDetails.Intensity {
  fileprivate init(channel: Int, _ measures: IntensityMeasures) {
    self.init(
      channel: channel, mean: measures.mean, sd: measures.standardDeviation, min: measures.minimum,
      max: measures.maximum, p05: measures.p05, p50: measures.p50, p95: measures.p95)
  }
}
