/// What every `Ledger` promises, as a list of laws. An implementation's tests run each of them on an empty ledger of its own:
///
///     @Test(arguments: LedgerLaw.all) func law(_ law: LedgerLaw) async throws {
///       try await law.check(LedgerBench(connect: { ledger }, advance: { clock.advance(by: $0) }))
///     }
public struct LedgerLaw: Sendable, CustomStringConvertible {
  public let description: String
  private let body: @Sendable (LedgerBench) async throws -> Void

  init(_ description: String, _ body: @escaping @Sendable (LedgerBench) async throws -> Void) {
    self.description = description
    self.body = body
  }

  public func check(_ bench: LedgerBench) async throws {
    do {
      try await body(bench)
    } catch {
      await bench.closeAll()
      throw error
    }
    await bench.closeAll()
  }

  public static let all =
    models + submitting + claiming + dispatching + aggregating + stitching + passing + races
    + urgency + cancelling + forecasting + dispatchOrder + pausing + workers + histories + watching + throughput
    + failing
    + deadLetters + quarantine + hedging + measuring + events + webhooks + accessTokens + listing + retention
    + training
}
