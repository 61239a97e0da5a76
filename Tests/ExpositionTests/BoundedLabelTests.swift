import FleetMetrics
import Testing

@Suite struct BoundedLabelTests {
  @Test func theFirstNamesKeepTheirsAndAllOthersShareOne() {
    let label = BoundedLabel(limit: 2)
    #expect(["a", "b", "c", "a", "d", "b"].map { label[$0] } == ["a", "b", "other", "a", "other", "b"])
  }
}
