import Foundation
import Kernels
import ModelStore
import NiftiIO
import Preprocessing
import SlidingWindow
import Testing
import Testkit
import Volumes

@testable import Inference

/// The steps of a case on a real model, as a fleet takes them: each step might run in another process.
@Suite(.serialized) struct CaseStepsTests {
  private static let task = Fixtures.directory.appending(path: "Task501")

  /// Tiles that were predicted elsewhere.
  private struct StoredTiles: TileSource {
    var tiles: [Int: ChannelVolume]
    func probabilities(of tile: TilePlan.Tile, planes: Range<Int>) throws -> ChannelVolume {
      try #require(tiles[tile.index])
    }
    func release(_ tile: TilePlan.Tile) {}
  }

  private let model: TrainedModel
  private let recipe: CaseRecipe

  init() throws {
    model = try TrainedModel.open(folder: Self.task.appending(path: "model"), folds: .list([0]))
    recipe = try CaseRecipe(model)
  }

  private func prepare(_ image: String, stepSize: Double, threads: Int) throws -> PreparedCase {
    let image = try MedicalImage.load(Self.task.appending(path: "images/\(image)_0000.nii.gz"))
    return try PrepareStep(recipe: recipe, stepSize: stepSize)
      .run(image: image.voxels, spacing: image.spacing, pool: ComputePool(threads: threads))
  }

  @Test func tilesFromSeveralWorkersInAnyOrderGiveTheBitsOfOne() throws {
    let options = InferenceOptions(folds: model.folds, mirroring: false, stepSize: 1)
    let prepared = try prepare("colin_thick", stepSize: 1, threads: 2)
    try #require(prepared.plan.tileCount > 2)
    let extractor = try PatchExtractor(plan: prepared.plan, volume: prepared.volume)
    let alone = try TilePredictor(model: model, options: options, pool: ComputePool(threads: 2))
    let expected = try StitchStep(recipe: recipe).run(
      tiles: PredictedTiles(extractor: extractor, predictor: alone), plan: prepared.plan,
      properties: prepared.properties, pool: ComputePool(threads: 1))

    // Two workers of other sizes, the last tile first, one tile twice; the plan has travelled as JSON.
    let plan = try JSONDecoder().decode(TilePlan.self, from: JSONEncoder().encode(prepared.plan))
    let workers = try [1, 3].map {
      try TilePredictor(model: model, options: options, pool: ComputePool(threads: $0))
    }
    var stored = StoredTiles(tiles: [:])
    for index in Array((0..<plan.tileCount).reversed()) + [1] {
      let tile = ChannelVolume(channels: alone.classes, extent: plan.patch)
      try workers[index % 2].predict(extractor.patch(plan.tile(index)), into: tile)
      stored.tiles[index] = tile
    }
    let found = try StitchStep(recipe: recipe).run(
      tiles: stored, plan: plan, properties: prepared.properties, pool: ComputePool(threads: 3))
    #expect(found.labels.elements.elementsEqual(expected.labels.elements))
    #expect(found.statistics == expected.statistics)
    #expect(found.statistics.map(\.label) == [0, 1, 2])
    #expect(found.statistics.reduce(0) { $0 + $1.voxels } == found.labels.extent.count)
    withExtendedLifetime((found, expected)) {}
  }

  @Test func tilesInFilesGiveTheSameBits() throws {
    let options = InferenceOptions(folds: model.folds, mirroring: false, stepSize: 0.5)
    let prepared = try prepare("colin_thick", stepSize: 0.5, threads: 2)
    try #require(prepared.plan.tileCount > 2)
    let pool = ComputePool(threads: 2)
    let predictor = try TilePredictor(model: model, options: options, pool: pool)
    func labels(_ tiles: any TileSource, planes: Int) throws -> [UInt8] {
      let found = try StitchStep(recipe: recipe, planes: planes).run(
        tiles: tiles, plan: prepared.plan, properties: prepared.properties, pool: pool)
      return withExtendedLifetime(found) { Array(found.labels.elements) }
    }
    let expected = try labels(
      PredictedTiles(extractor: try prepared.extractor(), predictor: predictor), planes: Stitcher.defaultPlanes)
    for planes in [1, 5, Stitcher.defaultPlanes] {
      let folder = try TemporaryFolder()
      var predicted: [Int] = []
      let tiles = ScratchTiles(extractor: try prepared.extractor(), predictor: predictor, folder: folder.url) {
        predicted.append($0.index)
      }
      #expect(try labels(tiles, planes: planes) == expected)
      #expect(predicted == Array(0..<prepared.plan.tileCount), "each once, in plan order")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }
  }

  @Test func foldThatTheModelLacksIsNamed() throws {
    let error = #expect(throws: InferenceError.self) {
      try TilePredictor(
        model: model, options: InferenceOptions(folds: [FoldName(0), FoldName(3)]), pool: ComputePool(threads: 1))
    }
    #expect(error?.code == .invalidOptions)
    #expect(error?.description.contains("fold_3") == true)
    #expect(throws: InferenceError.self) {
      try TilePredictor(model: model, options: InferenceOptions(folds: []), pool: ComputePool(threads: 1))
    }
  }

  @Test func planOfAnotherCaseIsRefused() throws {
    let prepared = try prepare("colin_small", stepSize: 0.5, threads: 1)
    let other = try recipe.tilePlan(for: Extent(z: 9, y: 9, x: 9), stepSize: 0.5)
    #expect(throws: InferenceError.self) {
      try StitchStep(recipe: recipe).run(
        tiles: StoredTiles(tiles: [:]), plan: other, properties: prepared.properties, pool: ComputePool(threads: 1))
    }
  }

  @Test func diskWithoutRoomIsAnError() throws {
    let folder = try TemporaryFolder()
    // More than any disk has; nothing of it is written.
    let error = #expect(throws: InferenceError.self) {
      try HalfPrecisionFile(
        channels: 256, extent: Extent(z: 1 << 16, y: 1 << 16, x: 1 << 16), axes: .identity, in: folder.url)
    }
    #expect(error?.code == .unwritableFile)
    #expect(throws: InferenceError.self, "no such folder") {
      try HalfPrecisionFile(
        channels: 1, extent: Extent(z: 1, y: 1, x: 1), axes: .identity, in: folder.url.appending(path: "missing"))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty, "nothing is left behind")
  }
}
