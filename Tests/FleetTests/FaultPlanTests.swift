import FleetContracts
import Testing

@testable import Fleet

@Suite struct FaultPlanTests {
  @Test func aFaultWithoutAPassageHappensEachTime() throws {
    var plan = try FaultPlan("relay.published=delay:2.5")
    #expect(plan.action(at: .relayPublished, tile: nil) == .delay(.seconds(2.5)))
    #expect(plan.action(at: .relayPublished, tile: nil) == .delay(.seconds(2.5)))
    #expect(plan.action(at: .relayClaimed, tile: nil) == nil)
  }

  @Test func aPassageIsCounted() throws {
    var plan = try FaultPlan("worker.stored@3=kill,worker.computed@1=corrupt")
    #expect(plan.action(at: .workerStored, tile: 0) == nil)
    #expect(plan.action(at: .workerComputed, tile: 1) == .corrupt)
    #expect(plan.action(at: .workerStored, tile: 1) == nil)
    #expect(plan.action(at: .workerStored, tile: 2) == .kill)
    #expect(plan.action(at: .workerStored, tile: 3) == nil)
  }

  @Test func aTileIsWaitedForAndOnlyItsPassagesCount() throws {
    var plan = try FaultPlan("worker.fetched#5@2=fail:poison")
    #expect(plan.action(at: .workerFetched, tile: 4) == nil)
    #expect(plan.action(at: .workerFetched, tile: 5) == nil)
    #expect(plan.action(at: .workerFetched, tile: 5) == .fail(.poison))
  }

  @Test(arguments: [
    "", "worker.stored", "worker.stored=", "worker.sotred=kill", "worker.stored@=kill", "worker.stored#x=kill",
    "worker.stored=delay", "worker.stored=delay:-1", "worker.stored=fail:badly", "worker.stored=hog:0",
    "worker.stored=explode",
  ])
  func anythingElseIsRefusedWithASentence(text: String) {
    #expect(throws: FaultPlanError.self) { try FaultPlan(text) }
  }
}
