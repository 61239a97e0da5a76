internal import Digests
public import FleetContracts
internal import Foundation
internal import Inference
internal import Kernels
internal import NiftiIO
internal import SlidingWindow
internal import Threads
internal import Volumes

/// Stitches a run's tiles, writes its label map, and measures it.
public struct CaseStitcher: RunStitching {
  private let store: any BlobStore
  private let models: ModelLibrary
  private let pool: ComputePool
  private let thread: BlockingThread
  private let softwareVersion: String
  private let removesTiles: Bool

  /// - Parameters:
  ///   - threads: compute threads.
  ///   - removesTiles: removes tiles from the store once they are read: for a store that serves one run only.
  /// - Throws: `ThreadError` when the process is out of threads.
  public init(
    store: any BlobStore, models: ModelLibrary, threads: Int, softwareVersion: String, removesTiles: Bool = false
  ) throws {
    self.store = store
    self.models = models
    self.softwareVersion = softwareVersion
    self.removesTiles = removesTiles
    pool = ComputePool(threads: threads)
    thread = try BlockingThread(name: "stitch")
  }

  public func stitch(_ work: StitchClaim) async throws -> RunOutcome {
    let document = try await PassDocument.get(work.document, from: store)
    let recipe = try CaseRecipe(try await models.model(document.model))
    let made = try await thread.run { [self] in
      try stitch(tiles: work.tiles, document: document, recipe: recipe)
    }
    let predicting = StepTiming(step: "predict", seconds: work.inferSeconds)
    return RunOutcome(
      labelMap: try await store.put(made.labelMap), labelVoxels: made.labelVoxels,
      probabilities: try await put(made.archive?.npz), properties: try await put(made.archive?.pkl),
      labels: document.labels.map { label in
        let found = made.statistics.first { $0.label == label.label }
        return LabelMeasurement(
          label: label.label, name: label.name, voxels: found?.voxels ?? 0, volume: found?.millilitres ?? 0)
      },
      timings: work.timings + [predicting] + made.timings, engine: work.engines.joined(separator: ","),
      softwareVersion: softwareVersion)
  }

  private func put(_ blob: Blob?) async throws -> Digest? {
    guard let blob else { return nil }
    return try await store.put(blob)
  }

  private struct Made: Sendable {
    var labelMap: Blob
    var labelVoxels: Digest
    var statistics: [LabelStatistics]
    var archive: (npz: Blob, pkl: Blob)?
    var timings: [StepTiming]
  }

  private func stitch(tiles: [Digest], document: PassDocument, recipe: CaseRecipe) throws -> Made {
    var watch = Stopwatch()
    let folder = try document.savesProbabilities ? ScratchFolder() : nil
    let source = StoredTiles(
      tiles, from: store, classes: recipe.network.outputChannels, patch: document.plan.patch, removesTiles: removesTiles
    )
    let segmented = try StitchStep(recipe: recipe).run(
      tiles: source, plan: document.plan, properties: document.properties, pool: pool, probabilitiesFolder: folder?.url)
    watch.lap("stitch")
    let labelMap = Blob(copying: try LabelMap(labels: segmented.labels, geometry: document.geometry).encoded())
    let labelVoxels = Digest(of: UnsafeRawBufferPointer(segmented.labels.elements))
    var archive: (npz: Blob, pkl: Blob)?
    if let probabilities = segmented.probabilities, let folder {
      let npz = folder.url.appending(path: "case.npz")
      try SoftmaxArchive.write(probabilities, to: npz)
      let pkl = try CasePickle(
        properties: document.properties, itkOrigin: document.geometry.itkOrigin,
        itkSpacing: document.geometry.itkSpacing,
        itkDirection: document.geometry.itkDirection, files: document.images, rule: recipe.rule
      ).encoded()
      archive = (try Blob(mapping: npz), Blob(copying: pkl))
    }
    watch.lap("export")
    return Made(
      labelMap: labelMap, labelVoxels: labelVoxels, statistics: segmented.statistics, archive: archive,
      timings: watch.timings)
  }
}
