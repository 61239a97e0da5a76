import Foundation
import FuzzTargets
import Testing
import Testkit

/// The fuzzer's corpora (`Tests/Fixtures/fuzz`), read again: files that once led somewhere new, or did harm, stay harmless.
@Suite("Fuzzing corpora") struct ReplayTests {
  private static func files(of target: FuzzTarget) throws -> [URL] {
    let folder = Fixtures.directory.appending(path: "fuzz/\(target.rawValue)")
    return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
  }

  /// Seconds of processor time for one small file in a build without optimisation.
  private static let patience = 5.0

  @Test("every file of a corpus is read, or refused by one clear sentence, soon", arguments: FuzzTarget.allCases)
  func replay(_ target: FuzzTarget) throws {
    let session = try FuzzSession()
    let files = try Self.files(of: target)
    var refusals = 0
    for file in files {
      let begin = ThreadTime.seconds
      let report = session.read([UInt8](try Data(contentsOf: file)), as: target)
      #expect(report.complaints == [], "\(file.lastPathComponent)")
      #expect(ThreadTime.seconds - begin < Self.patience, "\(file.lastPathComponent)")
      refusals += report.refusals.count
    }
    #expect(files.count > 10 && refusals > 10)
  }

  @Test("every seed is taken by a reader, so that the fuzzer begins with good files", arguments: FuzzTarget.allCases)
  func seeds(_ target: FuzzTarget) throws {
    let session = try FuzzSession()
    var accepted: Set<String> = []
    for file in try Self.files(of: target) where file.lastPathComponent.hasPrefix("seed-") {
      let report = session.read([UInt8](try Data(contentsOf: file)), as: target)
      #expect(!report.accepted.isEmpty, "\(file.lastPathComponent): \(report.refusals)")
      accepted.formUnion(report.accepted)
    }
    #expect(accepted.sorted() == target.readerNames.sorted(), "a reader has no seed that it takes")
  }

  @Test("corpora stay small enough for a repository")
  func sizes() throws {
    var total = 0
    for target in FuzzTarget.allCases {
      for file in try Self.files(of: target) { total += try Data(contentsOf: file).count }
    }
    #expect(total < 300_000)
  }

  @Test("cut and flipped seeds are harmless too", arguments: FuzzTarget.allCases)
  func mutations(_ target: FuzzTarget) throws {
    let session = try FuzzSession()
    let seeds = try Self.files(of: target).filter { $0.lastPathComponent.hasPrefix("seed-") }
      .map { [UInt8](try Data(contentsOf: $0)) }
    var generator = SplitMix64(seed: 20)
    for round in 0..<200 {
      let bytes = Mutation.mutate(seeds[round % seeds.count], using: &generator)
      #expect(session.read(bytes, as: target).complaints == [])
    }
  }
}
