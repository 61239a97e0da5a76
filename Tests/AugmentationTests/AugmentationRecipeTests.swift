import Augmentation
import RandomStreams
import Testing
import Volumes

/// What is drawn: how often each transform happens, and where its parameters lie (spec 5.8).
@Suite struct AugmentationRecipeTests {
  private static let draws = 12_000

  private static func recipes(
    patch: [Int] = [16, 16, 16], inPlane: Bool = false, classes: [Int] = []
  ) throws -> [AugmentationRecipe] {
    let settings = try BatchSettings(
      patch: patch, batchSize: 2, augmentsInPlane: inPlane, usesMask: [true, false],
      targetExtents: [patch.count == 2 ? [1] + patch : patch], previousStageLabels: classes)
    return (0..<draws).map { draw in
      var random = RandomStream(
        seed: 77, index: BatchIndex(.training, epoch: draw / 100, iteration: draw % 100), item: 0, purpose: .parameters)
      return AugmentationRecipe(drawingFrom: &random, for: settings)
    }
  }

  /// Within six deviations of the chance.
  private static func expect(_ count: Int, of all: Int = draws, _ chance: Double, _ what: String) {
    let mean = chance * Double(all)
    #expect(abs(Double(count) - mean) < 6 * (mean * (1 - chance)).squareRoot() + 1, "\(what): \(count) of \(all)")
  }

  /// Uniform in the range: ends, mean within six deviations, and a share of a tenth in each tenth.
  private static func expectUniform(_ values: [Double], _ range: ClosedRange<Double>, _ what: String) {
    let (width, count) = (range.upperBound - range.lowerBound, Double(values.count))
    #expect(values.allSatisfy(range.contains), "\(what)")
    let mean = values.reduce(0, +) / count
    #expect(abs(mean - (range.lowerBound + range.upperBound) / 2) < 6 * width / (12 * count).squareRoot(), "\(what)")
    for tenth in 0..<10 {
      let inside = values.count { Int(($0 - range.lowerBound) / width * 10) == tenth }
      expect(inside, of: values.count, 0.1, "\(what), tenth \(tenth)")
    }
  }

  private static func expectAroundOne(_ values: [Double], _ range: ClosedRange<Double>, _ what: String) {
    expect(values.count { $0 < 1 }, of: values.count, 0.5, "\(what) below 1")
    expectUniform(values.filter { $0 < 1 }, range.lowerBound...1, "\(what) below 1")
    expectUniform(values.filter { $0 >= 1 }, 1...range.upperBound, "\(what) above 1")
  }

  @Test func transformsHappenAsOftenAsNnunets() throws {
    let recipes = try Self.recipes()
    Self.expect(recipes.count { $0.spatial?.rotation != nil }, 0.2, "rotation")
    Self.expect(recipes.count { $0.spatial?.scale != nil }, 0.2, "scale")
    Self.expect(recipes.count { $0.spatial?.rotation != nil && $0.spatial?.scale != nil }, 0.04, "both")
    Self.expect(recipes.count { $0.spatial != nil }, 0.36, "either")
    Self.expect(recipes.count { $0.noise != nil }, 0.1, "noise")
    Self.expect(recipes.count { $0.blur != nil }, 0.2, "blur")
    Self.expect(recipes.count { $0.brightness != nil }, 0.15, "brightness")
    Self.expect(recipes.count { $0.contrast != nil }, 0.15, "contrast")
    Self.expect(recipes.count { $0.lowResolution != nil }, 0.25, "low resolution")
    Self.expect(recipes.count { $0.invertedGamma != nil }, 0.1, "inverted gamma")
    Self.expect(recipes.count { $0.gamma != nil }, 0.3, "gamma")
    Self.expect(recipes.count { $0.invertedGamma != nil && $0.gamma != nil }, 0.03, "both gammas")
    for axis in 0..<3 {
      Self.expect(recipes.count { $0.mirroring?.axes[axis] == true }, 0.5, "mirroring of axis \(axis)")
    }
    #expect(recipes.allSatisfy { $0.binaryOperators.isEmpty })
    for channel in 0..<2 {
      let blurs = recipes.compactMap(\.blur)
      Self.expect(blurs.count { $0.deviations[channel] != nil }, of: blurs.count, 0.5, "blur of channel \(channel)")
      let coarse = recipes.compactMap(\.lowResolution)
      Self.expect(coarse.count { $0.zooms[channel] != nil }, of: coarse.count, 0.5, "low resolution of a channel")
    }
  }

  @Test func parametersLieWhereNnunetsDo() throws {
    let recipes = try Self.recipes()
    let limit = Double.pi / 6
    var angles: [[Double]] = [[], [], []]
    for case .volume(let x, let y, let z)? in recipes.map({ $0.spatial?.rotation }) {
      angles[0].append(x)
      angles[1].append(y)
      angles[2].append(z)
    }
    for axis in 0..<3 { Self.expectUniform(angles[axis], -limit...limit, "angle \(axis)") }
    Self.expectAroundOne(recipes.compactMap(\.spatial?.scale), 0.7...1.4, "scale")
    Self.expectUniform(recipes.compactMap(\.noise?.deviation), 0...0.1, "noise")
    Self.expectUniform(recipes.compactMap(\.blur).flatMap { $0.deviations.compactMap { $0 } }, 0.5...1, "blur")
    Self.expectUniform(recipes.compactMap(\.brightness).flatMap(\.factors), 0.75...1.25, "brightness")
    Self.expectAroundOne(recipes.compactMap(\.contrast).flatMap(\.factors), 0.75...1.25, "contrast")
    Self.expectUniform(recipes.compactMap(\.lowResolution).flatMap { $0.zooms.compactMap { $0 } }, 0.5...1, "zoom")
    Self.expectAroundOne(recipes.compactMap(\.gamma).flatMap(\.powers), 0.7...1.5, "gamma")
    Self.expectAroundOne(recipes.compactMap(\.invertedGamma).flatMap(\.powers), 0.7...1.5, "inverted gamma")
    #expect(recipes.compactMap(\.invertedGamma).allSatisfy { $0.isInverted })
    #expect(recipes.compactMap(\.gamma).allSatisfy { !$0.isInverted })
  }

  @Test(arguments: [([32, 32], false, 180.0), ([32, 16], false, 15), ([4, 32, 16], true, 180)])
  func slicesTurnInTheirPlanes(patch: [Int], inPlane: Bool, degrees: Double) throws {
    let recipes = try Self.recipes(patch: patch, inPlane: inPlane)
    var angles: [Double] = []
    for case .slices(let angle)? in recipes.map({ $0.spatial?.rotation }) { angles.append(angle) }
    let limit = degrees / 180 * Double.pi
    Self.expectUniform(angles, -limit...limit, "angle")
    #expect(recipes.compactMap(\.spatial).allSatisfy { $0.movesInPlane })
    #expect(recipes.compactMap(\.lowResolution).allSatisfy { $0.keepsSlices })
    // Blur and mirroring see all three axes of a 3D patch, two of a slice.
    #expect(recipes.compactMap(\.blur).allSatisfy { $0.isFlat == (patch.count == 2) })
    Self.expect(
      recipes.count { $0.mirroring?.axes[0] == true }, patch.count == 2 ? 0 : 0.5, "mirroring of the first axis")
  }

  @Test func aCascadesMasksAreGrownAndShrunk() throws {
    let operators = try Self.recipes(classes: [1, 2, 3]).map(\.binaryOperators).filter { !$0.isEmpty }
    Self.expect(operators.count, 0.4, "operators")
    #expect(operators.allSatisfy { $0.map(\.channel).sorted() == [0, 1, 2] })
    for channel in 0..<3 {
      Self.expect(
        operators.count { $0[0].channel == channel }, of: operators.count, 1 / 3.0, "channel \(channel) first")
    }
    let all = operators.flatMap { $0 }
    for operation in BinaryOperator.Operation.allCases {
      Self.expect(all.count { $0.operation == operation }, of: all.count, 0.25, "\(operation)")
    }
    Self.expectUniform(all.map(\.radius), 1...8, "radius")
  }

  @Test func noiseIsWhatItsDeviationSays() throws {
    let sample = Sample(
      image: ChannelVolume(channels: 2, extent: Extent(z: 20, y: 20, x: 21)),
      labels: [LabelVolume(extent: Extent(z: 20, y: 20, x: 21))])
    var random = RandomStream(
      seed: 1, index: BatchIndex(.training, epoch: 0, iteration: 0), item: 0, purpose: .noise)
    GaussianNoise(deviation: 0.07).apply(to: sample, from: &random)
    let count = Double(sample.image.elements.count)
    let mean = sample.image.elements.map(Double.init).reduce(0, +) / count
    let square = sample.image.elements.map { Double($0) * Double($0) }.reduce(0, +) / count
    #expect(abs(mean) < 6 * 0.07 / count.squareRoot())
    #expect(abs(square / (0.07 * 0.07) - 1) < 6 * (2 / count).squareRoot())
    #expect(Set(sample.image.elements).count > Int(count * 0.99), "every voxel of every channel its own")
  }
}
