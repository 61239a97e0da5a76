import Testing

@testable import Commands

@Suite struct TextTableTests {
  @Test func columnsAreAsWideAsTheirWidestCell() {
    var table = TextTable([("label", .left), ("mL", .right)])
    table.add(["grey matter", "7.5"])
    table.add(["csf", "120.0"])
    #expect(
      table.rendered() == """
        label           mL
        -----------  -----
        grey matter    7.5
        csf          120.0
        """)
  }

  @Test func unitsFollowTheSize() {
    #expect(Formats.bytes(512) == "512 B")
    #expect(Formats.bytes(3 << 20) == "3.0 MiB")
    #expect(Formats.seconds(192) == "3 min 12 s")
    #expect(Formats.seconds(7500) == "2 h 5 min")
  }
}
