import Foundation
import Kernels
import Testing
import UNet

@testable import Commands

@Suite struct ComparisonTests {
  private let machine = MachineSummary(
    processor: "Example 9000", processors: 2, instructionSet: "avx2", openBLASCore: "Haswell",
    lastLevelCacheBytes: 32 << 20)

  /// Two rounds at one thread and one at two, of one engine of ours and two peers, the second of which failed.
  private func comparison() -> Comparison {
    func ours(_ passes: [Double]) -> EngineTimes {
      EngineTimes(
        engine: "winograd avx2", version: "0.1.0", passes: passes, gflop: 10, relativeError: 7.21e-6,
        peakMemoryBytes: 3 << 20)
    }
    func peer(_ passes: [Double], bytes: Int) -> EngineTimes {
      EngineTimes(engine: "peer f32", version: "1.2", passes: passes, peakMemoryBytes: bytes)
    }
    return Comparison(
      machine: machine, model: "models/a", rounds: 2, runs: 2,
      leftOut: [.init(engine: "absent f32", reason: "not installed")],
      measured: [
        (
          1,
          [
            (true, [ours([0.5, 0.25]), ours([0.5, 1])]),
            (false, [peer([2, 3], bytes: 1024), peer([1, 2], bytes: 2048)]), (false, []),
          ]
        ),
        (2, [(true, [ours([0.25, 0.25])]), (false, [peer([1, 1], bytes: 2048)]), (false, [])]),
      ])
  }

  @Test func mediansRatiosAndGainsAreOfAllRounds() throws {
    let tables = comparison().tables
    #expect(tables.map(\.threads) == [1, 2] && tables.allSatisfy { $0.engines.map(\.isOurs) == [true, false] })
    let (ours, peer) = (tables[0].engines[0], tables[0].engines[1])
    #expect(ours.seconds == 0.5 && ours.fastest == 0.25 && ours.slowest == 1 && ours.gflops == 20)
    #expect(peer.seconds == 2 && peer.gflops == 5 && peer.peakMemoryBytes == 2048 && peer.relativeError == nil)
    #expect(ours.ratios.map(\.ratio) == [1] && peer.ratios.map(\.ratio) == [4])
    #expect(peer.ratios[0].over == "winograd avx2" && ours.gain == nil)
    #expect(tables[1].engines.map(\.gain) == [2, 2])
  }

  @Test func theTableShowsThem() {
    #expect(
      comparison().rendered() == """
        Example 9000, 2 processor(s), avx2, last-level cache 32.0 MiB, OpenBLAS Haswell
        models/a: 10.0 GFLOP a pass, counted as direct convolution; medians of 2 round(s) of 2 pass(es)

        1 thread       seconds    from      to  GFLOP/s  / winograd avx2  relative error  peak memory
        -------------  -------  ------  ------  -------  ---------------  --------------  -----------
        winograd avx2   0.5000  0.2500  1.0000     20.0             1.00         7.2e-06      3.0 MiB
        peer f32        2.0000  1.0000  3.0000      5.0             4.00                      2.0 KiB

        2 threads      seconds    from      to  GFLOP/s  / winograd avx2  gain  relative error  peak memory
        -------------  -------  ------  ------  -------  ---------------  ----  --------------  -----------
        winograd avx2   0.2500  0.2500  0.2500     40.0             1.00  2.00         7.2e-06      3.0 MiB
        peer f32        1.0000  1.0000  1.0000     10.0             4.00  2.00                      2.0 KiB

        winograd avx2 (0.1.0), peer f32 (1.2)
        absent f32 is left out: not installed
        """)
  }

  @Test func theJSONHasTheSame() throws {
    let json = try #require(
      JSONSerialization.jsonObject(with: Output.encoder.encode(comparison())) as? [String: Any])
    #expect(json["gflop"] as? Double == 10)
    #expect((json["machine"] as? [String: Any])?["processor"] as? String == "Example 9000")
    let tables = try #require(json["tables"] as? [[String: Any]])
    let rows = try #require(tables[1]["engines"] as? [[String: Any]])
    #expect(rows[1]["engine"] as? String == "peer f32" && rows[1]["is_ours"] as? Bool == false)
    let ratios = try #require(rows[1]["ratios"] as? [[String: Any]])
    #expect(ratios[0]["over"] as? String == "winograd avx2" && ratios[0]["ratio"] as? Double == 4)
  }

  @Test func anEngineOnTheCommandLineMayNameAnInstructionSet() throws {
    let weakest = InstructionSet.portable.description
    let list = try #require(ListArgument<OwnEngine>(argument: "winograd,winograd:\(weakest),blas,automatic"))
    #expect(list.values.map(\.request.choice) == [.winograd, .winograd, .blas, .automatic])
    #expect(list.values.map(\.request.instructionSet) == [nil, .portable, nil, nil])
    #expect(list.defaultValueDescription == "winograd,winograd:\(weakest),blas,automatic")
    for wrong in ["", "winograd,", "fast", "winograd:mmx", "winograd:", "blas:\(weakest)", "winograd:avx2:avx2"] {
      #expect(ListArgument<OwnEngine>(argument: wrong) == nil, "\(wrong)")
    }
  }

  @Test func threadsAreAListOfNumbers() throws {
    #expect(ListArgument<ThreadCount>(argument: "1,2,16")?.values.map(\.count) == [1, 2, 16])
    for wrong in ["0", "1,,2", "1025", "two", "1 2"] {
      #expect(ListArgument<ThreadCount>(argument: wrong) == nil, "\(wrong)")
    }
  }
}
