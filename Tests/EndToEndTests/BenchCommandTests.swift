import Foundation
import Testing
import Testkit

/// `tessera bench forward` and `bench compare` as a user types them, on a tiny model that `Tests/Peers/make_model.py` wrote, beside a
/// peer that is a shell script.
@Suite(.serialized) struct BenchCommandTests {
  private let model = Fixtures.directory.appending(path: "bench").path
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func bench(_ arguments: [String]) async throws -> (code: Int32, output: String, log: String) {
    try await TesseraProcess.run(
      ["bench"] + arguments, environment: [:], folder: folder.url, directory: Fixtures.repository)
  }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  /// Answers as Tests/Peers/forward.py says, called as a Python would be.
  private func peer(_ engines: String) throws -> String {
    let file = folder.url.appending(path: "peer.sh")
    try Data(
      """
      #!/bin/sh
      echo "some library says hello"
      case "$2 $3" in
      "list "*) echo '{"engines": [\(engines)]}' ;;
      "run broken f32") echo "out of memory" >&2; exit 3 ;;
      "run silent f32") echo '{"passes": []}' ;;
      *) echo '{"passes": [1000, 3000, 2000], "relative_error": 0.25, "peak_memory_bytes": 1048576}' ;;
      esac
      """.utf8
    ).write(to: file)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    return file.path
  }

  @Test(arguments: ["blas", "winograd"])
  func layersAreHeldAgainstThePeak(engine: String) async throws {
    let arguments = ["forward", "--model", model, "--engine", engine, "--threads", "1", "--runs", "2", "--layers"]
    let result = try await bench(arguments + ["--json"])
    #expect(result.code == 0, "\(result.log)")
    let report = try object(result.output)
    #expect(report["engine"] as? String == engine && (report["passes"] as? [Double])?.count == 2)
    // The logits were computed in float64.
    #expect(try #require(report["relative_error"] as? Double) < 2e-5)
    let peak = try #require(report["peak"] as? [String: Any])
    #expect(try #require(peak["gflops"] as? Double) > 0)
    let layers = try #require(report["layers"] as? [[String: Any]])
    // Two convolutions at each level down, two up, a transposed one, the head.
    #expect(layers.count == 8)
    for layer in layers + [try #require(report["total"] as? [String: Any])] {
      for key in ["arithmetic_gflops", "share_of_peak", "arithmetic_floor_seconds"] {
        #expect(try #require(layer[key] as? Double) > 0)
      }
    }
    let text = try await bench(arguments)
    #expect(text.code == 0 && text.output.contains("of peak") && text.output.contains("total"), "\(text.output)")
  }

  @Test func peersRunInTurnWithOursAndMissingOnesAreNamed() async throws {
    let python = try peer(
      #"{"name": "slow f32", "version": "1.5"}, {"name": "absent f32", "missing": "not installed"}, "#
        + #"{"name": "broken f32", "version": "2"}, {"name": "silent f32", "version": "3"}"#)
    let arguments = [
      "compare", "--model", model, "--threads", "1,2", "--engines", "winograd,blas", "--peer", python, "--rounds", "2",
      "--runs", "2",
    ]
    let result = try await bench(arguments + ["--json"])
    #expect(result.code == 0, "\(result.log)")
    let comparison = try object(result.output)
    let tables = try #require(comparison["tables"] as? [[String: Any]])
    #expect(tables.map { $0["threads"] as? Int } == [1, 2])
    for table in tables {
      let rows = try #require(table["engines"] as? [[String: Any]])
      #expect(rows.map { $0["is_ours"] as? Bool } == [true, true, false])
      #expect(rows[2]["engine"] as? String == "slow f32" && rows[2]["version"] as? String == "1.5")
      #expect(rows[2]["seconds"] as? Double == 2000 && rows[2]["relative_error"] as? Double == 0.25)
      let ours = try #require(rows[0]["seconds"] as? Double)
      let ratios = try #require(rows[2]["ratios"] as? [[String: Any]])
      #expect(abs(try #require(ratios[0]["ratio"] as? Double) - 2000 / ours) < 1e-6 * 2000 / ours)
      #expect(try #require(rows[0]["relative_error"] as? Double) < 2e-5)
      #expect(try #require(rows[0]["peak_memory_bytes"] as? Int) > 1 << 20)
    }
    let leftOut = try #require(comparison["left_out"] as? [[String: String]])
    #expect(leftOut.compactMap { $0["engine"] } == ["absent f32", "broken f32", "silent f32"])
    #expect(leftOut[0]["reason"] == "not installed" && leftOut[1]["reason"]?.contains("out of memory") == true)
    // Whole rounds: each engine once, then again.
    let order = result.log.split(separator: "\n").filter { $0.hasPrefix("1 thread") }.map {
      $0.contains("winograd") ? "w" : $0.contains("blas") ? "b" : "s"
    }
    #expect(order == ["w", "b", "s", "w", "b", "s"], "\(result.log)")
    let text = try await bench(arguments)
    #expect(text.code == 0 && text.output.contains("slow f32 (1.5)"), "\(text.output)")
    #expect(text.output.contains("absent f32 is left out: not installed"), "\(text.output)")
  }

  @Test func oursNeedsNoPeer() async throws {
    let result = try await bench(["compare", "--model", model, "--threads", "1", "--rounds", "1", "--runs", "1"])
    #expect(result.code == 0 && result.output.contains("winograd"), "\(result.log)")
  }

  @Test func aMistakeGetsOneClearSentence() async throws {
    for (arguments, code, words) in [
      (["compare", "--model", model, "--threads", "0"], Int32(64), "--threads"),
      (["compare", "--model", model, "--engines", "fastest"], 64, "--engines"),
      (["compare", "--model", model, "--rounds", "0"], 64, "--rounds"),
      (["compare", "--model", folder.url.path], 65, "has no folds"),
      (["compare", "--model", model, "--peer", "/no/such/python"], 65, "/no/such/python"),
      (["forward", "--model", model, "--engine", "blas", "--isa", "avx2"], 64, "OpenBLAS chooses"),
      (["train"], 64, "--model or --patch"),
      (["train", "--patch", "16x16x16", "--classes", "1"], 64, "--classes"),
      (["train", "--patch", "17x17x17"], 65, "the next one is"),
    ] {
      let result = try await bench(arguments)
      #expect(result.code == code && result.log.contains(words), "\(arguments) \(result.code) \(result.log)")
    }
  }

  @Test func trainTimesStepsAndTellsMemory() async throws {
    let arguments = [
      "train", "--patch", "16x16x16", "--features", "2", "--classes", "2", "--batch", "2", "--runs", "3", "--threads",
      "1",
    ]
    let result = try await bench(arguments + ["--json"])
    try #require(result.code == 0, "\(result.log)")
    let answer = try object(result.output)
    #expect(Set(answer.keys) == ["tessera"])
    let report = try #require(answer["tessera"] as? [String: Any])
    func number(_ key: String) throws -> Double { try #require(report[key] as? Double, "\(key)") }
    #expect(report["patch"] as? [Int] == [16, 16, 16] && report["batch_size"] as? Int == 2)
    #expect(report["threads"] as? Int == 1 && report["group_size"] as? Int == 2)
    let steps = try #require(report["steps"] as? [Double])
    let seconds = try number("seconds")
    #expect(steps.count == 3 && steps.sorted()[1] == seconds && seconds > 0)
    let (perSecond, gflop, gflops) = (try number("iterations_per_second"), try number("gflop"), try number("gflops"))
    #expect(abs(perSecond * seconds - 1) < 1e-9)
    #expect(gflop > 0 && abs(gflops * seconds / gflop - 1) < 1e-9)
    let (planned, peak) = (try number("planned_bytes"), try number("peak_memory_bytes"))
    #expect(planned > 0 && peak > planned)
    #expect(try number("parameters") > 0)

    let text = try await bench(arguments)
    #expect(text.code == 0 && text.output.contains("16x16x16, batch 2") && text.output.contains("GFLOP/s"), "\(text)")
    #expect(text.output.contains("memory: planned") && text.output.split(separator: "\n").count == 2)
  }

  @Test func trainTakesAModelsPlansAndAPeersFigures() async throws {
    let python = folder.url.appending(path: "peer.sh")
    try Data(
      """
      #!/bin/sh
      grep -q '"batch_dice" : true' "$3" && echo '{"seconds": 1000, "peak_memory_bytes": 1073741824, "version": "torch 9"}'
      """.utf8
    ).write(to: python)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: python.path)
    let result = try await bench([
      "train", "--model", model, "--batch", "1", "--runs", "1", "--threads", "1", "--peer", python.path, "--json",
    ])
    try #require(result.code == 0, "\(result.log)")
    let answer = try object(result.output)
    let report = try #require(answer["tessera"] as? [String: Any])
    #expect((answer["peer"] as? [String: Any])?["version"] as? String == "torch 9")
    let (seconds, ratio) = (try #require(report["seconds"] as? Double), try #require(answer["ratio"] as? Double))
    #expect(abs(ratio * seconds / 1000 - 1) < 1e-9)
    let peak = try #require(report["peak_memory_bytes"] as? Double)
    let memoryRatio = try #require(answer["memory_ratio"] as? Double)
    #expect(abs(memoryRatio * 1_073_741_824 / peak - 1) < 1e-9)
  }

  @Test func startTellsEachStepAndTakesKeptWeightsTheSecondTime() async throws {
    let arguments = [
      "start", "--model", model, "--engine", "winograd", "--threads", "1", "--json", "--weights-cache",
      folder.url.appending(path: "weights").path,
    ]
    let first = try await bench(arguments)
    try #require(first.code == 0, "\(first.log)")
    let (miss, hit) = (try object(first.output), try object(try await bench(arguments).output))
    #expect(miss["transform"] != nil && miss["checkpoint"] != nil && miss["lookup"] != nil)
    #expect(hit["transform"] == nil && hit["checkpoint"] == nil && hit["lookup"] != nil)
    let total = try #require(hit["cold_start"] as? Double)
    let parts = ["program", "plans", "lookup", "first_touches"].compactMap { hit[$0] as? Double }
    #expect(parts.count == 4 && abs(parts.reduce(0, +) - total) < 1e-9)
    let table = try await bench(arguments.filter { $0 != "--json" })
    #expect(table.output.contains("cold start"))
  }

  private struct TrainingAnswer: Decodable {
    var tessera: TrainingReport
  }

  private struct TrainingReport: Decodable {
    var recomputation: String
    var plannedBytes: Int
    var peakMemoryBytes: Int
  }

  /// Activations that are computed again don't lie in memory meanwhile: the process takes less by what was forecast.
  @Test func aTrainingWithinALimitTakesAsMuchAsWasForecast() async throws {
    func training(_ limit: [String]) async throws -> TrainingReport {
      let words = [
        "train", "--patch", "48x48x48", "--features", "16", "--batch", "1", "--runs", "1", "--threads", "2", "--json",
      ]
      let result = try await bench(words + limit)
      #expect(result.code == 0, "\(result.log)")
      return try Fleet.decode(TrainingAnswer.self, from: result.output).tessera
    }
    let free = try await training([])
    #expect(free.recomputation == "none")
    let limit = (free.plannedBytes >> 20) - 12
    let bound = try await training(["--max-memory", "\(limit)"])
    #expect(bound.recomputation == "coarseLevels" && bound.plannedBytes <= limit << 20)
    // Beside the network there is the program itself, which is the same.
    let (one, other) = (free.peakMemoryBytes - free.plannedBytes, bound.peakMemoryBytes - bound.plannedBytes)
    #expect(abs(one - other) < 4 << 20, "\(free), \(bound)")
  }
}
