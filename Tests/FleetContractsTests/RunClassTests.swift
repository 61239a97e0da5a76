import FleetContracts
import Foundation
import Testing

@Suite struct RunClassTests {
  @Test func theMoreUrgentClassComesFirst() {
    #expect(RunClass.allCases.shuffled().sorted() == [.stat, .routine, .batch])
  }

  @Test func aTenantTravelsAsItsNameAndIsCheckedOnArrival() throws {
    #expect(try JSONDecoder().decode([Tenant].self, from: Data(#"["default"]"#.utf8)) == [.default])
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([Tenant].self, from: Data(#"["a b"]"#.utf8)) }
    #expect(try JSONEncoder().encode([Tenant("a")]) == Data(#"["a"]"#.utf8))
  }
}
