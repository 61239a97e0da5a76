import Augmentation
import Foundation
import NumpyFiles
import Testing
import Testkit
import Volumes

/// Batches of the made-up dataset that nnU-Net preprocessed (Tests/Fixtures/planning), whose channel 1 is a CT.
@Suite struct BatchTests {
  private static let names = (0..<4).map { "small_0\($0)" }

  /// A copy of the stage's folder, since archives are unpacked beside themselves.
  private static func folder(_ name: String = "nnUNetData_plans_v2.1_stage0") throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let source = Fixtures.directory.appending(path: "planning/preprocessed/Task777_Small/\(name)")
    for file in try FileManager.default.contentsOfDirectory(atPath: source.path) {
      try FileManager.default.copyItem(at: source.appending(path: file), to: folder.url.appending(path: file))
    }
    return folder
  }

  private static func settings(
    _ patch: [Int] = [8, 16, 12], batchSize: Int = 3, inPlane: Bool = false, classes: [Int] = []
  ) throws -> BatchSettings {
    let extent = patch.count == 2 ? [1] + patch : patch
    return try BatchSettings(
      patch: patch, batchSize: batchSize, augmentsInPlane: inPlane, usesMask: [true, false],
      targetExtents: [extent, [max(1, extent[0] / 2), extent[1] / 2, extent[2] / 2]], previousStageLabels: classes)
  }

  private static func source(
    _ folder: TemporaryFolder, settings: BatchSettings, seed: UInt64 = 7, previousStage: URL? = nil
  ) throws -> BatchSource {
    try BatchSource(
      folder: folder.url, training: Array(names[0...2]), validation: [names[3]], previousStage: previousStage,
      settings: settings, seed: seed)
  }

  @Test(arguments: [([8, 16, 12], false), ([8, 16, 12], true), ([16, 12], false)])
  func batchesHaveTheNetworksShape(patch: [Int], inPlane: Bool) throws {
    let folder = try Self.folder(patch.count == 2 ? "nnUNetData_plans_v2.1_2D_stage0" : "nnUNetData_plans_v2.1_stage0")
    let settings = try Self.settings(patch, inPlane: inPlane)
    let source = try Self.source(folder, settings: settings)
    var seen: Set<UInt8> = []
    for iteration in 0..<12 {
      let batch = try source.batch(BatchIndex(.training, epoch: 0, iteration: iteration))
      #expect(batch.channels == 2)
      #expect(batch.images.count == 3 * 2 * settings.patch.count)
      #expect(batch.images.allSatisfy { $0.isFinite })
      for (target, extent) in zip(batch.targets, batch.targetExtents) { #expect(target.count == 3 * extent.count) }
      #expect(batch.targets[0].allSatisfy { $0 <= 3 })
      seen.formUnion(batch.targets[0])
    }
    #expect(seen == [0, 1, 2, 3])
  }

  /// Epochs and iterations in any order, from one thread and from two, give the same numbers.
  @Test func aBatchIsAFunctionOfItsIndex() throws {
    let folder = try Self.folder()
    let settings = try Self.settings()
    let source = try Self.source(folder, settings: settings)
    let schedule = BatchSchedule(epochs: 2..<4, trainingIterations: 6, validationIterations: 2)
    let backwards = try schedule.reversed().map { try source.batch($0).digest }
    let again = try Self.source(folder, settings: settings)
    for threads in 1...2 {
      let prefetcher = try BatchPrefetcher(again, schedule: schedule, threads: threads, ahead: 3)
      var digests: [UInt64] = []
      while let batch = try prefetcher.next() {
        #expect(batch.index == schedule[digests.count])
        digests.append(batch.digest)
      }
      #expect(digests == backwards.reversed(), "\(threads) threads")
      #expect(try prefetcher.next() == nil)
    }
    #expect(Set(backwards).count == schedule.count)
    let other = try Self.source(folder, settings: settings, seed: 8)
    #expect(try other.batch(schedule[0]).digest != backwards.last)
  }

  /// A validation batch is a patch of the case, untouched: at the network's size, with the labels that are there.
  @Test func validationIsUnaugmented() throws {
    let folder = try Self.folder()
    let settings = try Self.settings([4, 6, 5], batchSize: 2)
    let source = try Self.source(folder, settings: settings)
    let array = try ArrayArchive<Float>(reading: folder.url.appending(path: "small_03.npz").path, member: "data")
    let extent = Extent(Array(array.shape[1...]))
    for iteration in 0..<8 {
      let batch = try source.batch(BatchIndex(.validation, epoch: 0, iteration: iteration))
      #expect(batch.cases == ["small_03", "small_03"])
      // Values of the second channel, which isn't masked, tell where the patch came from.
      let second = Array(batch.images[settings.patch.count..<2 * settings.patch.count])
      guard let marked = second.indices.first(where: { second[$0] != 0 }) else { continue }
      let all = array.values[extent.count..<2 * extent.count]
      let candidates = all.indices.filter { all[$0] == second[marked] }.map { $0 - extent.count }
      let patch = settings.patch
      let found = candidates.contains { place in
        let start = (0..<3).map { axis in
          let steps = [extent.y * extent.x, extent.x, 1], small = [patch.y * patch.x, patch.x, 1]
          return place / steps[axis] % extent[axis] - marked / small[axis] % patch[axis]
        }
        return second.indices.allSatisfy { index in
          let (z, y, x) = (
            index / (patch.y * patch.x) + start[0], index / patch.x % patch.y + start[1], index % patch.x + start[2]
          )
          let isInside =
            (0..<extent.z).contains(z) && (0..<extent.y).contains(y) && (0..<extent.x).contains(x)
          let voxel = (z * extent.y + y) * extent.x + x
          let value = isInside ? array.values[extent.count + voxel] : 0
          let label = isInside ? max(0, array.values[2 * extent.count + voxel]) : 0
          return second[index] == value && Float(batch.targets[0][index]) == label
        }
      }
      #expect(found)
    }
  }

  @Test func aForcedItemShowsForeground() throws {
    let folder = try Self.folder()
    let settings = try Self.settings([8, 8, 8], batchSize: 3)
    let source = try Self.source(folder, settings: settings)
    for iteration in 0..<20 {
      let batch = try source.batch(BatchIndex(.validation, epoch: 1, iteration: iteration))
      #expect(batch.targets[0][2 * settings.patch.count..<3 * settings.patch.count].contains { $0 > 0 })
    }
  }

  @Test func aCascadesLabelsBecomeChannels() throws {
    let folder = try Self.folder()
    let stage = try TemporaryFolder()
    for name in Self.names {
      let array = try ArrayArchive<Float>(reading: folder.url.appending(path: "\(name).npz").path, member: "data")
      let shape = Array(array.shape[1...])
      let labels = array.values.suffix(shape.reduce(1, *)).map { UInt8(max(0, $0)) }
      try MadeCases.writeBytes(
        stage.url.appending(path: "\(name)_segFromPrevStage.npy"), shape: shape, values: labels)
    }
    let settings = try Self.settings(batchSize: 2, classes: [1, 2, 3])
    let source = try Self.source(folder, settings: settings, previousStage: stage.url)
    let count = settings.patch.count
    for phase in [BatchIndex.Phase.validation, .training] {
      var differs = 0
      for iteration in 0..<10 {
        let batch = try source.batch(BatchIndex(phase, epoch: 0, iteration: iteration))
        #expect(batch.channels == 5 && batch.images.count == 2 * 5 * count)
        for item in 0..<2 {
          for voxel in 0..<count {
            let masks = (0..<3).map { batch.images[(item * 5 + 2 + $0) * count + voxel] }
            #expect(masks.allSatisfy { $0 == 0 || $0 == 1 } && masks.reduce(0, +) <= 1)
            let label = masks.firstIndex(of: 1).map { UInt8($0 + 1) } ?? 0
            if label != batch.targets[0][item * count + voxel] { differs += 1 }
          }
        }
      }
      // The first stage was perfect here; only operators spoil it.
      if phase == .validation { #expect(differs == 0) } else { #expect(differs > 0) }
    }
  }

  @Test func whatCannotBeReadIsNamed() throws {
    let folder = try Self.folder()
    let settings = try Self.settings()
    func message() -> String {
      do {
        _ = try Self.source(folder, settings: settings)
        return ""
      } catch {
        return "\(error)"
      }
    }
    let properties = folder.url.appending(path: "small_01.pkl")
    let kept = try Data(contentsOf: properties)
    try Data("no pickle".utf8).write(to: properties)
    #expect(message().contains("small_01.pkl failed"))
    try kept.write(to: properties)
    #expect(message() == "")
    try FileManager.default.removeItem(at: folder.url.appending(path: "small_02.npz"))
    #expect(message() == "", "what is unpacked is enough")
    try Data("x".utf8).write(to: folder.url.appending(path: "small_02.npy"))
    #expect(message().contains("small_02"))
    #expect(throws: AugmentationError.self) { try Self.settings([0, 8, 8]) }
    #expect(throws: AugmentationError.self) {
      try BatchSource(folder: folder.url, training: [], validation: [], settings: settings, seed: 1)
    }
  }

  @Test func anErrorReachesWhoWaits() throws {
    let folder = try TemporaryFolder()
    let extent = [4, 4, 4]
    let labels = [Float](repeating: 0.5, count: 64)
    try MadeCases.write(
      "odd", to: folder.url, shape: [2] + extent, values: [Float](repeating: 1, count: 64) + labels, locations: [])
    let settings = try BatchSettings(
      patch: extent, batchSize: 1, augmentsInPlane: false, usesMask: [false], targetExtents: [extent])
    let source = try BatchSource(folder: folder.url, training: ["odd"], validation: [], settings: settings, seed: 1)
    let prefetcher = try BatchPrefetcher(
      source, schedule: BatchSchedule(epochs: 0..<1, trainingIterations: 5, validationIterations: 0), threads: 2)
    #expect(throws: AugmentationError.self) { try prefetcher.next() }
    #expect(try prefetcher.next() == nil)
  }
}

extension TrainingBatch {
  /// Of all numbers (FNV-1a, 64 bits).
  fileprivate var digest: UInt64 {
    var state: UInt64 = 0xCBF2_9CE4_8422_2325
    for value in images { state = (state ^ UInt64(value.bitPattern)) &* 0x100_0000_01B3 }
    for target in targets { for label in target { state = (state ^ UInt64(label)) &* 0x100_0000_01B3 } }
    return state
  }
}
