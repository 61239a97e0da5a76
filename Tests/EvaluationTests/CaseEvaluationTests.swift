import Evaluation
import Kernels
import Testing
import Testkit
import Volumes

@Suite struct CaseEvaluationTests {
  private static let unit = Spacing(z: 1, y: 1, x: 1)

  private func noise(_ extent: Extent, stretch: Int, _ generator: inout SplitMix64) -> LabelVolume {
    let map = LabelVolume(extent: extent)
    var label: UInt8 = 0
    for voxel in 0..<extent.count {
      if .random(in: 0..<stretch, using: &generator) == 0 { label = [0, 1, 2, 255].randomElement(using: &generator)! }
      map.elements[voxel] = label
    }
    return map
  }

  /// Against one comparison for each voxel and label.
  @Test func countsAreThoseOfEachVoxelByItself() throws {
    var generator = SplitMix64(seed: 3)
    for round in 0..<60 {
      let extent = Extent((0..<3).map { _ in Int.random(in: 1...11, using: &generator) })
      let prediction = noise(extent, stretch: [1, 4, 30][round % 3], &generator)
      let reference = round % 5 == 0 ? prediction : noise(extent, stretch: 9, &generator)
      let counts = try JointCounts(prediction: prediction, reference: reference)
      #expect(counts.labels == Set(Array(prediction.elements) + Array(reference.elements)).map(Int.init).sorted())
      for label in [0, 1, 2, 7, 255] {
        let pairs = zip(prediction.elements, reference.elements).map { (Int($0) == label, Int($1) == label) }
        let expected = ConfusionCounts(
          truePositives: pairs.count { $0 && $1 }, falsePositives: pairs.count { $0 && !$1 },
          falseNegatives: pairs.count { !$0 && $1 }, trueNegatives: pairs.count { !$0 && !$1 })
        #expect(counts.confusion(of: label) == expected)
      }
    }
  }

  @Test func mapsOfOtherExtentsAreAnError() {
    let error = #expect(throws: EvaluationError.self) {
      try CaseEvaluation(
        prediction: LabelVolume(extent: Extent(z: 2, y: 3, x: 4)),
        reference: LabelVolume(extent: Extent(z: 2, y: 4, x: 3)),
        spacing: Self.unit, surfaces: nil, pool: ComputePool(threads: 1))
    }
    #expect(error?.description.contains("2x3x4") == true && error?.description.contains("2x4x3") == true)
  }

  /// Two cubes of 10 mm, one moved by 2 mm along x, of which every value can be counted by hand.
  @Test func movedCubesHaveTheDistancesThatOneSees() throws {
    let extent = Extent(z: 9, y: 24, x: 24)
    func cube(at x: Int) -> LabelVolume {
      let map = LabelVolume(extent: extent)
      for z in 2..<7 { for y in 6..<16 { for column in x..<x + 10 { map[z, y, column] = 3 } } }
      return map
    }
    let evaluation = try CaseEvaluation(
      prediction: cube(at: 8), reference: cube(at: 6), spacing: Spacing(z: 2, y: 1, x: 1),
      surfaces: .init(tolerance: 1.5), pool: ComputePool(threads: 2))
    #expect(evaluation.labels == [0, 3])
    #expect(evaluation.confusion(of: 3)[.dice] == 0.8)
    #expect(evaluation.value(of: .hausdorffDistance95, label: 3) == 2)
    #expect(evaluation.value(of: .volumeDifference, label: 3) == 0)
    #expect(evaluation.value(of: .volumeTest, label: 3) == 1)
    let distance = evaluation.value(of: .averageSymmetricSurfaceDistance, label: 3)
    #expect(distance > 0 && distance < 2)
    let dice = evaluation.value(of: .surfaceDice, label: 3)
    #expect(dice > 0.5 && dice < 1)
  }
}
