import Digests
import Foundation
import Testing
import Testkit

/// `tessera clean` beside a fleet at work, and after it.
@Suite(
  .serialized,
  .enabled(if: PrivateServers.areInstalled, "needs rabbitmq-server and postgresql; Compose/install brings them"))
struct CleanCommandTests {
  private let image = Fixtures.directory.appending(path: "Task501/images/colin_small_0000.nii.gz")

  /// Seconds that a blob which nothing names yet is left alone: more than any step takes, on a machine that does other things too.
  private static let grace = 6

  private struct Report: Decodable {
    struct Amount: Decodable {
      var blobs: Int
      var bytes: Int
    }

    struct Store: Decodable {
      var trimmedRuns: [String]
      var stored, needed, young, unneeded, removed: Amount
    }

    var store: Store
  }

  private func clean(_ fleet: Fleet, _ arguments: [String]) async throws -> Report.Store {
    try Fleet.decode(Report.self, from: try await fleet.succeed(["clean", "--json"] + arguments)).store
  }

  @Test(.timeLimit(.minutes(5)))
  func aStoreIsCleanedWhileAFleetWorksAndNothingIsMissed() async throws {
    let fleet = try await Fleet()
    let roles = [
      try await fleet.start("dispatcher"), try await fleet.start("aggregator"), try await fleet.start("worker"),
    ]
    // Nobody's: the input of a submission that was killed long ago.
    let orphan = fleet.folder.url.appending(path: "orphan.nii.gz")
    try (Data(contentsOf: image) + Data([0])).write(to: orphan)
    let store = fleet.folder.url.appending(path: "store")
    let digest = Digest(of: try Data(contentsOf: orphan)).hexadecimal
    let place = store.appending(path: "\(digest.prefix(2))/\(digest.dropFirst(2).prefix(2))")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    try FileManager.default.moveItem(at: orphan, to: place.appending(path: digest))

    // Runs of one image, so that each puts blobs that a run before has put and that are being removed; cleaned all the while.
    var digests: Set<String> = []
    var runs: [String] = []
    var removed = 0
    for _ in 0..<4 {
      let run = try await fleet.submit(image)
      runs.append(run)
      let end = ContinuousClock.now + .seconds(Self.grace + 1)
      while try await fleet.status(run).state != "completed" || ContinuousClock.now < end {
        removed += try await clean(fleet, ["--keep-tiles", "0s", "--grace", "\(Self.grace)s", "--delete"]).removed.blobs
      }
      digests.insert(try await fleet.digest(of: run))
    }
    #expect(digests.count == 1)
    #expect(removed > 2, "tiles, volumes and the orphan")
    #expect(!FileManager.default.fileExists(atPath: place.appending(path: digest).path))

    // A dry run tells of another run what a wet one does then, and changes nothing.
    #expect(try await fleet.digest(of: fleet.submit(image)) == digests.first)
    try await Task.sleep(for: .seconds(Self.grace + 1))
    let dry = try await clean(fleet, ["--keep-tiles", "0s", "--grace", "\(Self.grace)s"])
    #expect(dry.removed.blobs == 0 && dry.unneeded.blobs > 0)
    let last = try await clean(fleet, ["--keep-tiles", "0s", "--grace", "\(Self.grace)s", "--delete"])
    #expect(last.removed.blobs == dry.unneeded.blobs && last.removed.bytes == dry.unneeded.bytes)
    #expect(last.stored.blobs == dry.stored.blobs)
    let after = try await clean(fleet, ["--grace", "\(Self.grace)s"])
    #expect(after.unneeded.blobs == 0 && after.stored.blobs == after.needed.blobs + after.young.blobs)

    let verified = try await fleet.succeed(["verify", runs[0]])
    #expect(verified.contains("removed by tessera clean") && verified.contains("as it was"), "\(verified)")
    #expect(try fleet.query("SELECT invariant, detail FROM fleet.ledger_violations") == [])
    for role in roles { #expect(role.isRunning) }
    // The label map and its inputs are there, so the study can be submitted and looked at as ever.
    #expect(try await fleet.digest(of: fleet.submit(image)) == digests.first)
  }

  @Test func whatKilledProcessesLeftOnTheMachineIsFoundAndRemoved() async throws {
    let folder = try TemporaryFolder()
    let names = [
      "tessera-\(UUID())", "tessera-repro-\(UUID())", "tessera-mine", "tessera-chaos-\(UUID())", "other-\(UUID())",
    ]
    for name in names {
      let url = folder.url.appending(path: name)
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      try Data([1, 2, 3]).write(to: url.appending(path: "file"))
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -90_000)], ofItemAtPath: url.path)
    }
    // Old, and in use; made just now, without a lock.
    let used = folder.url.appending(path: "tessera-\(UUID())")
    let young = folder.url.appending(path: "tessera-\(UUID())")
    for url in [used, young] { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    let lock = open(used.appending(path: ".in-use").path, O_RDWR | O_CREAT, 0o600)
    defer { close(lock) }
    #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -90_000)], ofItemAtPath: used.path)
    func left() throws -> Set<String> { Set(try FileManager.default.contentsOfDirectory(atPath: folder.url.path)) }
    let before = try left()

    let logs = try TemporaryFolder()
    let environment = ["TMPDIR": folder.url.path]
    let dry = try await TesseraProcess.run(["clean", "--local"], environment: environment, folder: logs.url)
    #expect(dry.code == 0 && dry.output.contains("2 forgotten on this machine, 6 B"), "\(dry.output) \(dry.log)")
    #expect(try left() == before)
    let wet = try await TesseraProcess.run(
      ["clean", "--local", "--delete"], environment: environment, folder: logs.url)
    #expect(wet.code == 0 && wet.output.contains("2 removed"), "\(wet.output) \(wet.log)")
    #expect(try left() == before.subtracting(names.prefix(2)))
  }
}
