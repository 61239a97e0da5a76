/// What inference needs of nnU-Net's plans: the part that holds for every stage.
///
/// Spatial axes are `[z, y, x]` of the image as read until `transposeForward` permutes them; what comes after the permutation
/// (patch, target spacing, kernels) is in transposed order and says so.
public struct Plans: Hashable, Sendable {
  /// Images of a case, one a modality: the network's input channels before a cascade adds its own.
  public var channelCount: Int
  /// The modalities' names (`CT`, `MRI`, …), one a channel.
  public var modalityNames: [String]
  /// `CT`, `CT2`, `noNorm`, or anything else for z-score; one a channel.
  public var normalizationSchemes: [String]
  /// Whether z-score looks only at voxels inside the nonzero mask; one a channel.
  public var useMaskForNormalization: [Bool]
  /// Intensities of the training images; one a channel, `nil` where the plans have none.
  public var intensityProperties: [IntensityProperties?]
  /// Classes without background.
  public var foregroundClasses: Int
  /// The labels that the classes have, in the plans' order.
  public var classLabels: [Int]
  /// Features of the network's first level.
  public var baseFeatures: Int
  /// Convolutions in each level of the encoder and of the decoder.
  public var convolutionsPerStage: Int
  /// Transposed axis `i` is axis `transposeForward[i]` of `[z, y, x]`.
  public var transposeForward: [Int]
  /// The inverse of `transposeForward`.
  public var transposeBackward: [Int]
  /// By stage; a cascade has two.
  public var stages: [Int: PlansStage]
  /// nnU-Net's class; `nil` in old plans, which means `GenericPreprocessor` (3D) or `PreprocessorFor2D`.
  public var preprocessorName: String?
  /// How probabilities are resampled to the image's grid.
  public var exportParameters: ExportParameters

  public init(
    channelCount: Int, modalityNames: [String]? = nil, normalizationSchemes: [String],
    useMaskForNormalization: [Bool], intensityProperties: [IntensityProperties?]? = nil, foregroundClasses: Int,
    classLabels: [Int]? = nil, baseFeatures: Int, convolutionsPerStage: Int = 2, transposeForward: [Int] = [0, 1, 2],
    transposeBackward: [Int] = [0, 1, 2], stages: [Int: PlansStage], preprocessorName: String? = nil,
    exportParameters: ExportParameters = ExportParameters()
  ) {
    self.channelCount = channelCount
    self.modalityNames = modalityNames ?? (0..<channelCount).map { "channel \($0)" }
    self.normalizationSchemes = normalizationSchemes
    self.useMaskForNormalization = useMaskForNormalization
    self.intensityProperties = intensityProperties ?? [IntensityProperties?](repeating: nil, count: channelCount)
    self.foregroundClasses = foregroundClasses
    self.classLabels = classLabels ?? Array(1..<max(foregroundClasses + 1, 2))
    self.baseFeatures = baseFeatures
    self.convolutionsPerStage = convolutionsPerStage
    self.transposeForward = transposeForward
    self.transposeBackward = transposeBackward
    self.stages = stages
    self.preprocessorName = preprocessorName
    self.exportParameters = exportParameters
  }
}

/// The plans of one stage: one resolution, one network. Axes are in transposed order.
public struct PlansStage: Hashable, Sendable {
  /// The patch in voxels: three axes, or two for a 2D network.
  public var patch: [Int]
  /// The spacing to which images are resampled, in mm; always three axes. A 2D network leaves the first one alone. A first one
  /// of 0 stands for None or NaN: the image keeps its own.
  public var currentSpacing: [Double]
  /// The spacing of the training images, in mm; three axes.
  public var originalSpacing: [Double]?
  /// The median training image at `currentSpacing`, in voxels; three axes.
  public var medianExtent: [Int]?
  /// Stride of each pooling step; entries are 1 or 2.
  public var poolKernels: [[Int]]
  /// Kernel of each level, one more than there are pooling steps; entries are 1 or 3.
  public var convolutionKernels: [[Int]]
  /// The blocks that nnU-Net's residual planners write; `nil` in all other plans.
  public var residual: ResidualEncoder?

  public init(
    patch: [Int], currentSpacing: [Double], originalSpacing: [Double]? = nil, medianExtent: [Int]? = nil,
    poolKernels: [[Int]], convolutionKernels: [[Int]], residual: ResidualEncoder? = nil
  ) {
    self.patch = patch
    self.currentSpacing = currentSpacing
    self.originalSpacing = originalSpacing
    self.medianExtent = medianExtent
    self.poolKernels = poolKernels
    self.convolutionKernels = convolutionKernels
    self.residual = residual
  }
}

/// Intensities inside the training images' foreground, of one channel.
public struct IntensityProperties: Hashable, Sendable {
  /// Stored as float32 by nnU-Net; the value is that of the file.
  public var mean: Double
  /// Standard deviation, above 0; stored as float32 by nnU-Net.
  public var sd: Double
  // swift-format-ignore: AlwaysUseLowerCamelCase
  // (an underscore stands for the decimal point, as in nnU-Net's own name)
  /// The 0.5th percentile.
  public var percentile00_5: Double
  // swift-format-ignore: AlwaysUseLowerCamelCase
  /// The 99.5th percentile.
  public var percentile99_5: Double

  public init(mean: Double, sd: Double, percentile00_5: Double, percentile99_5: Double) {
    self.mean = mean
    self.sd = sd
    self.percentile00_5 = percentile00_5
    self.percentile99_5 = percentile99_5
  }
}

/// How probabilities are resampled to the image's grid (`segmentation_export_params`).
public struct ExportParameters: Hashable, Sendable {
  /// Whether the axis of low resolution is resampled by itself; `nil` lets the spacing decide.
  public var forceSeparateZ: Bool?
  /// Order of the spline, 0 to 5.
  public var order: Int
  /// Order along the axis that is resampled by itself.
  public var orderZ: Int

  public init(forceSeparateZ: Bool? = nil, order: Int = 1, orderZ: Int = 0) {
    self.forceSeparateZ = forceSeparateZ
    self.order = order
    self.orderZ = orderZ
  }
}
