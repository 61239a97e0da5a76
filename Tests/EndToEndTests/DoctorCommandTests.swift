import Foundation
import Kernels
import Testing
import Testkit

/// `tessera doctor` as an operator types it.
@Suite struct DoctorCommandTests {
  private let model = Fixtures.directory.appending(path: "Task501/model")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func doctor(_ arguments: [String], environment: [String: String] = [:]) async throws -> (
    code: Int32, output: String, log: String
  ) {
    try await TesseraProcess.run(
      ["doctor"] + arguments, environment: ["TESSERA_CACHE_FOLDER": folder.url.path].merging(environment) { $1 },
      folder: folder.url)
  }

  private struct Report: Decodable {
    struct Model: Decodable {
      struct Candidate: Decodable {
        var engine: String
        var weightBytes: Int
        var allWeightBytes: Int
        var workspaceBytes: Int
        var networkBytes: Int
      }
      var candidates: [Candidate]
      var chosen: Candidate?
    }
    var instructionSet: String
    var engine: String
    var model: Model?
    var problems: [String]
  }

  @Test func aHealthyMachineIsDescribed() async throws {
    let text = try await doctor([])
    #expect(text.code == 0, "\(text.output)\(text.log)")
    for word in ["processor", "caches", "OpenBLAS", "huge pages", "control group", "winograd/\(InstructionSet.best)"] {
      #expect(text.output.contains(word), "\(word)")
    }
    let report = try Fleet.decode(Report.self, from: try await doctor(["--json"]).output)
    #expect(report.problems == [] && report.instructionSet == "\(InstructionSet.best)" && report.model == nil)
  }

  @Test func aModelGetsItsEngineAndMemory() async throws {
    let json = try await doctor(["--model", model.path, "--threads", "2", "--json"])
    try #require(json.code == 0, "\(json.output)\(json.log)")
    let found = try #require(try Fleet.decode(Report.self, from: json.output).model)
    let names = found.candidates.map { $0.engine.split(separator: "/")[0] }
    #expect(names.first == "winograd" && names.count > 1)
    for candidate in found.candidates {
      #expect(candidate.networkBytes == candidate.allWeightBytes + candidate.workspaceBytes)
    }
    #expect(found.chosen?.engine == found.candidates[0].engine)

    // A limit below the first one's leaves the next; one below all is a problem.
    let limits = found.candidates.map(\.networkBytes)
    let less = try await doctor(["--model", model.path, "--threads", "2", "--max-memory", "\(limits[0] - 1)", "--json"])
    #expect(try Fleet.decode(Report.self, from: less.output).model?.chosen?.engine == found.candidates[1].engine)
    let least = try await doctor([
      "--model", model.path, "--threads", "2", "--max-memory", "\(limits[limits.count - 1] - 1)",
    ])
    #expect(least.code == 70 && least.output.contains("PROBLEM"), "\(least.output)")
  }

  @Test func whatIsBrokenIsAProblem() async throws {
    for (arguments, environment, words) in [
      ([], ["TESSERA_THREADS": "many"], "threads"), ([], ["TESSERA_ENGINE": "fast"], "fast"),
      ([], ["TESSERA_ENGINE": "blas", "TESSERA_ISA": "\(InstructionSet.best)"], "OPENBLAS_CORETYPE"),
      (["--model", folder.url.path], [:], folder.url.path),
      (
        ["--model", model.path, "--treat-as", "nnUNetTrainerV2_GeLU", "--engine", "winograd"], [:],
        "Use the engine blas"
      ),
    ] {
      let result = try await doctor(arguments, environment: environment)
      #expect(result.code == 70 && result.output.contains("PROBLEM"), "\(result.output)\(result.log)")
      #expect(result.output.contains(words), "\(words): \(result.output)")
    }
  }

  @Test func aPresetCoreOfOpenBLASIsToldAndLeftAlone() async throws {
    let result = try await doctor([], environment: ["OPENBLAS_CORETYPE": "Haswell"])
    #expect(result.code == 0, "\(result.output)\(result.log)")
    #expect(result.output.contains("preset to Haswell and left alone"))
    #expect(
      result.output.contains("blas/\(InstructionSet.best)/Haswell computes a small network right"), "\(result.output)")
  }

  private struct FleetReport: Decodable {
    struct Finding: Decodable {
      var part: String
      var state: String
      var text: String
    }
    var findings: [Finding]
  }

  @Test func aFleetsServersAreLookedAtAndWhatIsWrongIsSaid() async throws {
    let nothing = try await doctor(["--fleet"])
    #expect(
      nothing.code == 70 && nothing.output.contains("TESSERA_STORE_URL isn't set"), "\(nothing.output)\(nothing.log)")

    let answer = try await doctor(
      ["--fleet", "--json"],
      environment: [
        "TESSERA_AMQP_URL": "amqps://user:geheim@127.0.0.1:1/",
        "TESSERA_DATABASE_URL": "postgresql://user:geheim@127.0.0.1:1/t",
        "TESSERA_STORE_URL": "file://\(folder.url.path)/store",
      ])
    #expect(answer.code == 70 && !answer.output.contains("geheim"))
    let findings = try Fleet.decode(FleetReport.self, from: answer.output).findings
    #expect(findings.filter { $0.state == "problem" }.map(\.part) == ["broker", "database"])
    for finding in findings where finding.state == "problem" {
      #expect(finding.text.contains("127.0.0.1"), "\(finding.text)")
    }
    #expect(findings.contains { $0.part == "store" && $0.state == "good" })

    // A role that can't read its settings ends at once, with the code for it.
    let role = try await TesseraProcess.run(
      ["worker"],
      environment: [
        "TESSERA_AMQP_URL": "amqps://user:geheim@host/?verify=verify_none",
        "TESSERA_STORE_URL": "file://\(folder.url.path)/store",
      ], folder: folder.url)
    #expect(role.code == 64 && role.log.contains("verify_peer") && !role.log.contains("geheim"), "\(role.log)")
  }
}
