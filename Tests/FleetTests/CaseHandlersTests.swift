import Digests
import FleetContracts
import FleetInMemory
import Foundation
import Inference
import Synchronization
import Testing
import Testkit

@testable import Fleet

/// The real steps, from an image in the store to the label map, without queue and ledger.
@Suite struct CaseHandlersTests {
  private let image = Fixtures.directory.appending(path: "Task501/images/colin_small_0000.nii.gz")
  private let model = Fixtures.directory.appending(path: "Task501/model")

  private func run(_ record: ModelRecord, image: Digest, folds: [String] = []) -> RunRecord {
    RunRecord(
      id: RunID(), model: record, passes: [PassRecord(request: PassRequest(model: record.digest, folds: folds))],
      images: [image], options: RunOptions(mirroring: false), key: nil, state: .preparing, submittedAt: Date())
  }

  @Test func aFetchedModelGivesTheBitsOfAnAdoptedOne() async throws {
    let store = InMemoryBlobStore()
    let cache = try TemporaryFolder()
    let bytes = try Data(contentsOf: image)
    let digest = try await store.put(Blob(copying: bytes))

    let local = ModelLibrary()
    let adopted = try await local.adopt(folder: model, selection: .automatic, checkpoint: "model_final_checkpoint")
    let published = try await ModelLibrary.publish(
      folder: model, selection: .automatic, checkpoint: "model_final_checkpoint", name: "m", to: store)
    #expect(published.digest == adopted.record.digest)
    #expect(published.labels.map(\.name) == ["grey matter", "white matter"])

    var digests: [Digest] = []
    for (models, threads) in [(local, 1), (ModelLibrary(store: store, cacheFolder: cache.url), 2)] {
      let plan = try await CasePreparer(store: store, models: models, threads: threads).prepare(
        run(published, image: digest))
      let slot = try SlotPredictor(store: store, models: models, threads: threads)
      var tiles: [Digest] = []
      for tile in 0..<plan.tiles {
        let job = TileJob(run: RunID(), pass: plan.id, epoch: 1, tile: tile, attempt: 1, document: plan.document)
        tiles.append(try await slot.predict(job).probabilities)
      }
      let work = StitchClaim(
        claim: RunClaim(run: run(published, image: digest), epoch: 1), pass: plan.id, document: plan.document,
        tiles: tiles,
        timings: plan.timings, inferSeconds: 0, engines: ["e"])
      let stitcher = try CaseStitcher(store: store, models: models, threads: threads, softwareVersion: "test")
      guard case .run(let outcome) = try await stitcher.stitch(work) else {
        Issue.record("a run's only pass ends it")
        return
      }
      #expect(outcome.labels.map(\.voxels).reduce(0, +) > 0)
      digests.append(outcome.labelVoxels)
    }
    #expect(digests[0] == digests[1])
  }

  @Test func aMappedVolumeIsReadAnewForEachTileAndStaysInMemoryForNone() async throws {
    let store = UnloadCountingStore()
    let models = ModelLibrary()
    let adopted = try await models.adopt(folder: model, selection: .automatic, checkpoint: "model_final_checkpoint")
    let image = try await store.put(Blob(copying: try Data(contentsOf: image)))
    let plan = try await CasePreparer(store: store, models: models, threads: 1).prepare(
      run(adopted.record, image: image))
    let slot = try SlotPredictor(store: store, models: models, threads: 1)
    let volume = try PassDocument(json: Data(try await store.get(plan.document).copy)).volume
    for attempt in 1...2 {
      let job = TileJob(run: RunID(), pass: plan.id, epoch: 1, tile: 0, attempt: attempt, document: plan.document)
      _ = try await slot.predict(job)
      #expect(store.unloads(of: volume) == attempt)
    }
  }

  @Test func aModelThatIsTakenForAnotherTrainersReachesTheWorkersAsThat() async throws {
    let store = InMemoryBlobStore()
    let cache = try TemporaryFolder()
    func publish(_ trainer: String?) async throws -> ModelRecord {
      try await ModelLibrary.publish(
        folder: model, selection: .automatic, checkpoint: "model_final_checkpoint", treatedAs: trainer, name: "m",
        to: store)
    }
    let (plain, other) = try await (publish(nil), publish("nnUNetTrainerV2_noMirroring"))
    #expect(plain.digest != other.digest)
    let models = ModelLibrary(store: store, cacheFolder: cache.url)
    #expect(try await models.model(plain.digest).mirroringAllowed)
    #expect(try await !models.model(other.digest).mirroringAllowed)
    await #expect(throws: (any Error).self) { try await publish("nnUNetTrainerV2_BN") }
  }

  @Test func aFoldThatTheModelLacksIsRefusedBeforeThereAreTiles() async throws {
    let store = InMemoryBlobStore()
    let models = ModelLibrary()
    let adopted = try await models.adopt(folder: model, selection: .automatic, checkpoint: "model_final_checkpoint")
    let wanted = run(
      adopted.record, image: try await store.put(Blob(copying: try Data(contentsOf: image))), folds: ["fold_3"])
    let preparer = try CasePreparer(store: store, models: models, threads: 1)
    let error = await #expect(throws: RunFailure.self) { try await preparer.prepare(wanted) }
    #expect(error?.reason.contains("fold_3") == true)
  }

  /// A fleet may be updated while runs are in work.
  @Test func aPassDocumentWithoutTheFilesSizeIsReadAndAnImpossibleSizeIsRefused() async throws {
    let store = InMemoryBlobStore()
    let models = ModelLibrary()
    let adopted = try await models.adopt(folder: model, selection: .automatic, checkpoint: "model_final_checkpoint")
    let file = try Data(contentsOf: image)
    let wanted = run(adopted.record, image: try await store.put(Blob(copying: file)))
    let plan = try await CasePreparer(store: store, models: models, threads: 1).prepare(wanted)
    let json = Data(try await store.get(plan.document).copy)
    #expect(try PassDocument(json: json).imageBytes == file.count)

    var object = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
    object["imageBytes"] = -1
    let impossible = try JSONSerialization.data(withJSONObject: object)
    #expect(throws: RunFailure.self) { try PassDocument(json: impossible) }
    object["imageBytes"] = nil
    let older = try PassDocument(json: try JSONSerialization.data(withJSONObject: object))
    #expect(older.memoryCase(try CaseRecipe(try await models.model(adopted.record.digest))).files == 0)
  }
}

/// A store whose blobs say how often they were taken out of memory, as mapped files are.
private final class UnloadCountingStore: BlobStore {
  private let store = InMemoryBlobStore()
  private let counts = Mutex<[Digest: Int]>([:])

  func unloads(of digest: Digest) -> Int { counts.withLock { $0[digest, default: 0] } }

  func put(_ blob: Blob) async throws -> Digest { try await store.put(blob) }
  func contains(_ digest: Digest) async throws -> Bool { try await store.contains(digest) }
  func remove(_ digest: Digest) async throws { try await store.remove(digest) }

  func get(_ digest: Digest) async throws -> Blob {
    let blob = try await store.get(digest)
    return blob.withBytes { bytes in
      Blob(
        bytes: bytes, unload: { [self] in counts.withLock { $0[digest, default: 0] += 1 } },
        release: { withExtendedLifetime(blob) {} })
    }
  }
}
