import Foundation
import Kernels
import Machine
import Testing
import Testkit
import UNet

@testable import Commands

/// The pieces of `tessera doctor`.
@Suite struct DoctorTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func machine(_ files: [String: String]) throws -> Machine {
    for (path, text) in files {
      let file = folder.url.appending(path: path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return Machine(root: folder.url)
  }

  private func advice(
    _ files: [String: String], threads: Int = 1, preset: String? = nil, best: InstructionSet = .avx2
  ) throws -> [String] {
    DoctorAdvice.advice(
      try machine(files), threads: threads, slots: 2,
      openBLAS: DoctorReport.OpenBLASFacts(configuration: "OpenBLAS 1.2.3 X", core: "C", preset: preset), best: best)
  }

  private let plenty = [
    "proc/meminfo": "MemTotal: 99999999 kB", "proc/self/status": "Cpus_allowed_list: 0-7",
    "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never",
  ]

  @Test func aGoodMachineNeedsNoAdvice() throws {
    #expect(try advice(plenty, threads: 4) == [])
    #expect(try advice([:]) == [], "a system that says nothing")
  }

  @Test func whatCouldBeBetterIsSaid() throws {
    var files = plenty
    files["sys/kernel/mm/transparent_hugepage/enabled"] = "always madvise [never]"
    files["proc/self/cgroup"] = "0::/"
    files["sys/fs/cgroup/memory.max"] = "\(1 << 30)"
    files["sys/fs/cgroup/cpu.max"] = "400000 100000"
    let advice = try advice(files, threads: 4, preset: "Haswell", best: .portable)
    #expect(advice.count == 5)
    for (text, words) in zip(
      advice, ["echo madvise", "TESSERA_THREADS to 2", "preset to Haswell", "1.0 GiB", "AVX2"])
    { #expect(text.contains(words), "\(text)") }
  }

  @Test func secretsStayHidden() async throws {
    let settings = try await FleetSettings.read(flags: [
      "amqp.url": "amqp://user:geheim@host/", "store.url": "file://\(folder.url.path)/store/deep",
      "cache.folder": "\(folder.url.path)/cache",
    ])
    let found = DoctorSettings(.success(settings), environment: [:])
    #expect(found.broker && !found.database && found.store && found.problems == [], "\(found.problems)")
    let text = String(decoding: try Output.encoder.encode(found), as: UTF8.self) + found.lines.map(\.text).joined()
    #expect(!text.contains("geheim") && text.contains("TESSERA_DATABASE_URL not set"))
  }

  @Test func foldersThatCannotBeUsedAreProblems() async throws {
    let file = folder.url.appending(path: "file")
    try Data().write(to: file)
    let settings = try await FleetSettings.read(flags: [
      "store.url": "file://\(file.path)/store", "cache.folder": file.path,
    ])
    let found = DoctorSettings(.success(settings), environment: ["RESULTS_FOLDER": "\(file.path)/results"])
    #expect(found.problems.count == 3)
    #expect(found.problems.allSatisfy { $0.contains(file.path) })
    let wrong = DoctorSettings(.failure(SettingsError("The setting x is y.")), environment: [:])
    #expect(wrong.problems == ["The setting x is y."])
  }

  @Test func openBLASSaysItsVersion() {
    let facts = DoctorReport.OpenBLASFacts(
      configuration: "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH Haswell MAX_THREADS=64", core: "Haswell", preset: nil)
    #expect(facts.version == "0.3.21" && facts.presetCoreType == nil)
    #expect(DoctorReport.OpenBLASFacts(preset: nil).version.first?.isNumber == true)
  }
}
