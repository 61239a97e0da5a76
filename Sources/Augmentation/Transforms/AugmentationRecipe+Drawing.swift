public import RandomStreams

/// How often each transform happens and between what its parameters lie (nnunet/training/data_augmentation/data_augmentation_moreDA.py,
/// default_data_augmentation.py, and nnUNetTrainerV2.setup_DA_params).
enum AugmentationChances {
  /// Rotation and scale: two events, independent.
  static let rotation = 0.2
  static let scale = 0.2
  static let scales = 0.7...1.4
  static let noise = 0.1
  static let noiseDeviations = 0...0.1
  static let blur = 0.2
  static let blurOfChannel = 0.5
  static let blurDeviations = 0.5...1.0
  static let brightness = 0.15
  static let brightnessFactors = 0.75...1.25
  static let contrast = 0.15
  static let contrastFactors = 0.75...1.25
  static let lowResolution = 0.25
  static let lowResolutionOfChannel = 0.5
  static let zooms = 0.5...1.0
  static let invertedGamma = 0.1
  static let gamma = 0.3
  static let powers = 0.7...1.5
  static let mirroringOfAxis = 0.5
  static let binaryOperators = 0.4
  static let radii = 1.0...8.0
}

extension AugmentationRecipe {
  /// Draws what happens to a training patch. Numbers are taken in the transforms' order; what doesn't happen takes one.
  public init(drawingFrom random: inout RandomStream, for settings: BatchSettings) {
    let channels = 0..<settings.imageChannels
    spatial = SpatialTransform(drawingFrom: &random, for: settings)
    noise =
      random.happens(AugmentationChances.noise)
      ? GaussianNoise(deviation: random.uniform(AugmentationChances.noiseDeviations)) : nil
    blur =
      random.happens(AugmentationChances.blur)
      ? GaussianBlur(
        deviations: channels.map { _ in
          random.happens(AugmentationChances.blurOfChannel)
            ? random.uniform(AugmentationChances.blurDeviations) : nil
        }, isFlat: settings.isFlat) : nil
    brightness =
      random.happens(AugmentationChances.brightness)
      ? BrightnessFactor(factors: channels.map { _ in random.uniform(AugmentationChances.brightnessFactors) }) : nil
    contrast =
      random.happens(AugmentationChances.contrast)
      ? Contrast(factors: channels.map { _ in random.aroundOne(AugmentationChances.contrastFactors) }) : nil
    lowResolution =
      random.happens(AugmentationChances.lowResolution)
      ? LowResolution(
        zooms: channels.map { _ in
          random.happens(AugmentationChances.lowResolutionOfChannel) ? random.uniform(AugmentationChances.zooms) : nil
        }, keepsSlices: settings.movesInPlane) : nil
    invertedGamma = Gamma(
      drawingFrom: &random, chance: AugmentationChances.invertedGamma, isInverted: true, channels: channels)
    gamma = Gamma(drawingFrom: &random, chance: AugmentationChances.gamma, isInverted: false, channels: channels)
    mirroring = Mirroring(
      axes: (0..<3).map { axis in
        settings.isFlat && axis == 0 ? false : random.happens(AugmentationChances.mirroringOfAxis)
      })
    let masks = settings.previousStageLabels.count
    binaryOperators =
      masks > 0 && random.happens(AugmentationChances.binaryOperators)
      ? random.permutation(masks).map { channel in
        BinaryOperator(
          channel: channel, operation: BinaryOperator.Operation(rawValue: random.integer(0...3))!,
          radius: random.uniform(AugmentationChances.radii))
      } : []
  }
}

extension RandomStream {
  /// Half the time between the lower end and 1, else between 1 and the upper end.
  fileprivate mutating func aroundOne(_ range: ClosedRange<Double>) -> Double {
    happens(0.5) ? uniform(range.lowerBound...1) : uniform(1...range.upperBound)
  }
}

extension SpatialTransform {
  /// - Returns: `nil` where neither rotation nor scale happens.
  fileprivate init?(drawingFrom random: inout RandomStream, for settings: BatchSettings) {
    var rotation: Rotation?
    var scale: Double?
    if random.happens(AugmentationChances.rotation) {
      let angles = -settings.rotation...settings.rotation
      rotation =
        settings.movesInPlane
        ? .slices(random.uniform(angles))
        : .volume(x: random.uniform(angles), y: random.uniform(angles), z: random.uniform(angles))
    }
    if random.happens(AugmentationChances.scale) { scale = random.aroundOne(AugmentationChances.scales) }
    guard rotation != nil || scale != nil else { return nil }
    self.init(rotation: rotation, scale: scale, movesInPlane: settings.movesInPlane, patch: settings.patch)
  }
}

extension Gamma {
  fileprivate init?(drawingFrom random: inout RandomStream, chance: Double, isInverted: Bool, channels: Range<Int>) {
    guard random.happens(chance) else { return nil }
    self.init(powers: channels.map { _ in random.aroundOne(AugmentationChances.powers) }, isInverted: isInverted)
  }
}
