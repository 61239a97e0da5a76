import Digests
import FleetContracts
import FleetInMemory
import Foundation
import Testing
import Testkit

@testable import RunPictures

@Suite("Pictures of runs")
struct RunPicturesTests {
  /// The demo's brain with nnU-Net's own answer to it.
  private func brain(in store: any BlobStore, state: RunState = .completed) async throws -> RunRecord {
    let folder = Fixtures.directory.appending(path: "demo")
    func put(_ path: String) async throws -> Digest {
      try await store.put(Blob(copying: try Data(contentsOf: folder.appending(path: path))))
    }
    let image = try await put("images/colin27_0000.nii.gz")
    let labels = try await put("expected/colin27.nii.gz")
    let model = ModelRecord(
      name: "tissue", digest: Digest(of: [1]), configuration: "3d_fullres", trainer: "nnUNetTrainerV2", channels: 1,
      labels: [LabelName(label: 1, name: "grey matter"), LabelName(label: 2, name: "white matter")])
    let outcome = RunOutcome(
      labelMap: labels, labelVoxels: Digest(of: [2]),
      labels: [
        LabelMeasurement(label: 1, name: "grey matter", voxels: 128_000, volume: 1024),
        LabelMeasurement(label: 2, name: "white matter", voxels: 72_000, volume: 576),
      ], timings: [StepTiming(step: "predict", seconds: 3)], engine: "winograd/avx2", softwareVersion: "1")
    return RunRecord(
      id: RunID(), model: model, passes: [PassRecord(request: PassRequest(model: model.digest))], images: [image],
      options: RunOptions(), key: nil, state: state, submittedAt: Date(), finishedAt: Date(),
      outcome: state == .completed ? outcome : nil)
  }

  private func size(_ png: [UInt8]) -> [Int] {
    [16, 20].map { offset in png[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
  }

  @Test func aRunHasItsSlicesAndTheLabelsThatOccur() async throws {
    let store = InMemoryBlobStore(budget: 1 << 26)
    let run = try await brain(in: store)
    let pictures = RunPictures(store: store)
    let listing = try await pictures.slices(of: run)
    #expect(listing.planes.map(\.id) == ["axial", "coronal", "sagittal"])
    #expect(listing.planes.map { $0.directions.joined() } == ["RLAP", "RLSI", "APSI"])
    #expect(listing.oriented && listing.labels.map(\.name) == ["grey matter", "white matter"])
    for plane in listing.planes {
      let grey = try await pictures.slice(SliceRequest(plane: plane.id, index: plane.centre, layer: .image), of: run)
      #expect(size(grey) == [plane.width, plane.height].map { Int(($0 / 2).rounded()) }, "2 mm a pixel")
      let labels = try await pictures.slice(
        SliceRequest(plane: plane.id, index: plane.centre, layer: .labels), of: run)
      let white = try await pictures.slice(
        SliceRequest(plane: plane.id, index: plane.centre, layer: .labels, labels: [2]), of: run)
      #expect(labels != white)
    }
    let bone = try await pictures.slice(
      SliceRequest(plane: "axial", index: 40, layer: .image, window: "0:50"), of: run)
    #expect(try await pictures.slice(SliceRequest(plane: "axial", index: 40, layer: .image), of: run) != bone)
  }

  @Test func whatIsntThereIsRefused() async throws {
    let store = InMemoryBlobStore(budget: 1 << 26)
    let run = try await brain(in: store)
    let pictures = RunPictures(store: store)
    for (plane, index) in [("axial", -1), ("axial", 10_000), ("oblique", 0)] {
      await #expect(throws: RunPictureError.noSuchSlice("\(plane)/\(index)")) {
        try await pictures.slice(SliceRequest(plane: plane, index: index, layer: .image), of: run)
      }
    }
    await #expect(throws: RunPictureError.self) {
      try await pictures.slice(SliceRequest(plane: "axial", index: 0, layer: .image, window: "dark"), of: run)
    }
    let failed = try await brain(in: store, state: .failed)
    await #expect(throws: RunPictureError.notCompleted(failed.id, .failed)) { try await pictures.slices(of: failed) }
  }

  @Test func aMissingBlobIsNamedAndAskedForAgain() async throws {
    let store = InMemoryBlobStore(budget: 1 << 26)
    let run = try await brain(in: store)
    let pictures = RunPictures(store: store)
    let image = try await store.get(run.images[0])
    try await store.remove(run.images[0])
    await #expect(throws: BlobStoreError.missing(run.images[0])) { try await pictures.slices(of: run) }
    _ = try await store.put(image)
    #expect(try await pictures.slices(of: run).labels.count == 2)
  }

  @Test func fewVolumesStayOpenHoweverManyAreLookedAt() async throws {
    let store = InMemoryBlobStore(budget: 1 << 26)
    let pictures = RunPictures(store: store, kept: 2, atOnce: 1)
    let run = try await brain(in: store)
    // The same blobs under other identifiers, all at once, then in turn.
    let runs = (0..<6).map { _ in
      RunRecord(
        id: RunID(), model: run.model, passes: run.passes, images: run.images, options: run.options, key: nil,
        state: .completed, submittedAt: Date(), outcome: run.outcome)
    }
    try await withThrowingTaskGroup(of: SliceListing.self) { group in
      for run in runs + runs { group.addTask { try await pictures.slices(of: run) } }
      var listings: Set<SliceListing> = []
      for try await listing in group { listings.insert(listing) }
      #expect(listings.count == 1)
    }
    #expect(await pictures.openCount <= 2)
  }

  @Test func aReportTellsWhatTheLedgerKnows() async throws {
    let store = InMemoryBlobStore(budget: 1 << 26)
    let run = try await brain(in: store)
    let pictures = RunPictures(store: store)
    let page = try await pictures.report(of: run)
    #expect((100_000..<4 << 20).contains(page.count), "\(page.count) bytes")
    let text = String(decoding: page, as: UTF8.self)
    for shown in ["tissue", "grey matter", "1024.0", "winograd/avx2", run.id.description, run.images[0].hexadecimal] {
      #expect(text.contains(shown), "\(shown) is missing")
    }
    let (planes, mosaic) = (try await pictures.picture(.planes, of: run), try await pictures.picture(.mosaic, of: run))
    #expect(planes != mosaic && size(mosaic)[0] > 1000)
  }
}
