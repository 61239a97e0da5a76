internal import Digests
public import FleetContracts
internal import Foundation
internal import Inference
internal import Kernels
internal import NiftiIO
internal import Postprocessing
internal import SlidingWindow
internal import Threads
internal import Volumes

/// Stitches the tiles of a run's pass in work and writes its label map; in the last pass it averages the members and measures the result.
public struct CaseStitcher: RunStitching {
  private let store: any BlobStore
  private let models: ModelLibrary
  private let pool: ComputePool
  private let thread: BlockingThread
  private let softwareVersion: String
  private let removesTiles: Bool
  private let memory: MemoryBudget

  /// - Parameters:
  ///   - threads: compute threads.
  ///   - removesTiles: removes tiles from the store once they are read: for a store that serves one run only.
  /// - Throws: `ThreadError` when the process is out of threads.
  public init(
    store: any BlobStore, models: ModelLibrary, threads: Int, softwareVersion: String, removesTiles: Bool = false,
    memory: MemoryBudget = MemoryBudget()
  ) throws {
    self.memory = memory
    self.store = store
    self.models = models
    self.softwareVersion = softwareVersion
    self.removesTiles = removesTiles
    pool = ComputePool(threads: threads)
    thread = try BlockingThread(name: "stitch")
  }

  public func stitch(_ work: StitchClaim) async throws -> StitchOutcome {
    let run = work.claim.run
    let position = run.position
    let document = try await PassDocument.get(work.document, from: store)
    guard work.tiles.count == document.plan.tileCount else {
      throw RunFailure(
        kind: .corrupt,
        reason:
          "Stitching pass \(position): its plan has \(document.plan.tileCount) tiles, and the ledger results of \(work.tiles.count); submit the study again."
      )
    }
    let recipe = try CaseRecipe(try await models.model(document.model))
    let isLast = position == run.passes.count - 1
    var images: [Blob] = []
    if isLast { for image in run.images { images.append(try await store.get(image)) } }
    let result = PassResult(
      weight: run.passes[position].request.weight,
      others: isLast ? try await otherMembers(of: run) : [],
      isFinal: isLast, postprocessing: try await postprocessing(of: run), images: images)
    let made: Made
    do {
      made = try await thread.run { [self] in
        try stitch(work, document: document, recipe: recipe, result: result)
      }
    } catch is CorruptTile {
      // Where one is damaged, others may be: they are all sent back at once.
      return .rejected(try await thread.run { [self] in try tiles(of: work, document, recipe).damages() })
    }
    let predicting = StepTiming(step: "predict", seconds: work.inferSeconds, pass: position)
    let timings = work.timings + [predicting] + made.timings
    try await FaultPoint.stitcherStitched.passed()
    let labelMap = try await store.put(made.labelMap)
    guard isLast else {
      return .pass(
        PassOutcome(
          labelMap: labelMap, labelVoxels: made.labelVoxels, probabilities: try await put(made.probabilities),
          engines: work.engines, timings: timings))
    }
    let earlier = run.passes.compactMap(\.outcome)
    return .run(
      RunOutcome(
        labelMap: labelMap, labelVoxels: made.labelVoxels,
        probabilities: try await put(made.archive?.npz), properties: try await put(made.archive?.pkl),
        labels: document.labels.map { label in
          let found = made.statistics.first { $0.label == label.label }
          return LabelMeasurement(
            label: label.label, name: label.name, voxels: found?.voxels ?? 0, volume: found?.millilitres ?? 0)
        },
        details: made.details, timings: earlier.flatMap(\.timings) + timings,
        engine: Set(earlier.flatMap(\.engines) + work.engines).sorted().joined(separator: ","),
        softwareVersion: softwareVersion))
  }

  private func put(_ blob: Blob?) async throws -> Digest? {
    guard let blob else { return nil }
    return try await store.put(blob)
  }

  /// What is to be made of a pass.
  private struct PassResult: Sendable {
    /// Its share in the run's probabilities; 0 for a pass that only serves another.
    var weight: Double
    /// The probabilities of the members before it, with their weights, for the last pass.
    var others: [(probabilities: Blob, weight: Double)]
    /// Whether its label map is the run's.
    var isFinal: Bool
    var postprocessing: PostprocessingRules?
    /// The image's files, a channel each, where its values are measured.
    var images: [Blob]
  }

  private func otherMembers(of run: RunRecord) async throws -> [(probabilities: Blob, weight: Double)] {
    var members: [(probabilities: Blob, weight: Double)] = []
    for pass in run.passes.dropLast() where pass.request.isMember {
      guard let probabilities = pass.outcome?.probabilities else {
        throw RunFailure(
          kind: .corrupt, reason: "A member of the ensemble has left no probabilities; submit the study again.")
      }
      members.append((try await store.get(probabilities), pass.request.weight))
    }
    return members
  }

  /// The rules for the label map of the pass in work: a model's own, unless the run's result has others. What only serves a later pass is
  /// postprocessed as nnU-Net does before a cascade's second stage.
  private func postprocessing(of run: RunRecord) async throws -> PostprocessingRules? {
    let request = run.passes[run.position].request
    guard run.position == run.passes.count - 1 else { return try await models.postprocessing(request.model) }
    switch run.options.postprocessing {
    case .none: return nil
    case .rules(let digest): return try PostprocessingRules(json: Data(try await store.get(digest).copy))
    case .ofTheModel:
      let isEnsemble = run.passes.count(where: \.request.isMember) > 1
      return isEnsemble ? nil : try await models.postprocessing(request.model)
    }
  }

  private struct Made: Sendable {
    var labelMap: Blob
    var labelVoxels: Digest
    var statistics: [LabelStatistics]
    /// Of the run's label map.
    var details: [LabelDetails]
    /// A numpy file.
    var probabilities: Blob?
    /// nnU-Net's files.
    var archive: (npz: Blob, pkl: Blob)?
    var timings: [StepTiming]
  }

  private func stitch(
    _ work: StitchClaim, document: PassDocument, recipe: CaseRecipe, result: PassResult
  ) throws -> Made {
    var watch = Stopwatch(pass: work.claim.run.position)
    let joins = !result.others.isEmpty
    let isKept = result.isFinal ? joins || document.savesProbabilities : result.weight > 0
    let folder = isKept ? try ScratchFolder() : nil
    let source = tiles(of: work, document, recipe)
    let planes = try memory.plan(.stitching, document.memoryCase(recipe), threads: pool.threads).planes
    var segmented = try StitchStep(recipe: recipe, planes: planes).run(
      tiles: source, plan: document.plan, properties: document.properties, pool: pool, probabilitiesFolder: folder?.url,
      postprocessing: joins ? nil : result.postprocessing)
    watch.lap("stitch")
    if joins, let folder {
      segmented = try joined(segmented, document: document, recipe: recipe, result: result, folder: folder.url)
      watch.lap("ensemble")
    }
    let labelMap = Blob(
      copying: try LabelMap(labels: segmented.labels, geometry: document.geometry).encoded { count, body in
        pool.forEach(count) { item, _ in body(item) }
      })
    let labelVoxels = Digest(of: UnsafeRawBufferPointer(segmented.labels.elements))
    var archive: (npz: Blob, pkl: Blob)?
    if result.isFinal, document.savesProbabilities, let probabilities = segmented.probabilities, let folder {
      archive = try self.archive(probabilities, document: document, rule: recipe.rule, folder: folder.url)
    }
    watch.lap("export")
    var details: [LabelDetails] = []
    if result.isFinal {
      details = try CaseMeasures(segmented: segmented, geometry: document.geometry)
        .details(of: document.labels.map(\.label), images: result.images)
      watch.lap("measure")
    }
    return Made(
      labelMap: labelMap, labelVoxels: labelVoxels, statistics: segmented.statistics, details: details,
      probabilities: result.isFinal ? nil : segmented.probabilities.map { Blob(bytes: $0.npy, owner: $0) },
      archive: archive, timings: watch.timings)
  }

  private func tiles(of work: StitchClaim, _ document: PassDocument, _ recipe: CaseRecipe) -> StoredTiles {
    StoredTiles(
      work.tiles, from: store, classes: recipe.network.outputChannels, patch: document.plan.patch,
      removesTiles: removesTiles, sumsToOne: recipe.rule == .largest)
  }

  /// The mean of the last pass and the members before it.
  private func joined(
    _ last: SegmentedCase, document: PassDocument, recipe: CaseRecipe, result: PassResult, folder: URL
  ) throws -> SegmentedCase {
    guard let probabilities = last.probabilities else { return last }
    let others = try result.others.map { member in
      // The map keeps the blob, so the pointer may leave the closure.
      try member.probabilities.withBytes { try ProbabilityMap(npy: $0, owner: member.probabilities) }
    }
    return try EnsembleStep(recipe: recipe).run(
      members: others + [ProbabilityMap(probabilities)], weights: result.others.map(\.weight) + [result.weight],
      properties: document.properties, pool: pool,
      probabilitiesFolder: document.savesProbabilities ? folder : nil, postprocessing: result.postprocessing)
  }

  private func archive(
    _ probabilities: HalfPrecisionFile, document: PassDocument, rule: LabelRule, folder: URL
  ) throws -> (npz: Blob, pkl: Blob) {
    let npz = folder.appending(path: "case.npz")
    try SoftmaxArchive.write(probabilities, to: npz, pool: pool)
    let pkl = try CasePickle(
      properties: document.properties, itkOrigin: document.geometry.itkOrigin, itkSpacing: document.geometry.itkSpacing,
      itkDirection: document.geometry.itkDirection, files: document.images, rule: rule
    ).encoded()
    return (try Blob(mapping: npz), Blob(copying: pkl))
  }
}
