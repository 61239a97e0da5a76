import FleetContracts
import Testing

@testable import RabbitMQBroker

@Suite struct MessageAssemblerTests {
  let origin = MessageAssembler.Origin.delivered(consumer: "c", tag: 1, isRedelivered: false)
  let properties = MessageAssembler.Properties(id: "1", type: "t")

  @Test func bodyInPartsIsPutTogether() {
    var assembler = MessageAssembler()
    assembler.begin(origin)
    #expect(assembler.header(properties, size: 5) == nil)
    #expect(assembler.body([1, 2]) == nil)
    #expect(
      assembler.body([3, 4, 5])
        == MessageAssembler.Message(origin: origin, properties: properties, body: [1, 2, 3, 4, 5], size: 5))
    #expect(assembler.body([6]) == nil)
  }

  @Test func emptyBodyIsCompleteWithItsHeader() {
    var assembler = MessageAssembler()
    assembler.begin(.returned)
    let message = assembler.header(properties, size: 0)
    #expect(message?.origin == .returned)
    #expect(message?.body.isEmpty == true)
  }

  @Test func onlyTheBeginningOfAnOversizedBodyIsKept() {
    var assembler = MessageAssembler()
    assembler.begin(origin)
    let size = 1 << 40
    #expect(assembler.header(properties, size: UInt64(size)) == nil)
    #expect(assembler.body(Array(repeating: 0, count: 1 << 17)) == nil)
    assembler.begin(origin)
    let large = QueueMessage.largestBody + 1
    #expect(assembler.header(properties, size: UInt64(large)) == nil)
    let message = assembler.body(Array(repeating: 0, count: large))
    #expect(message?.isOversized == true)
    #expect(message?.body.count == large)
    assembler.begin(origin)
    let huge = MessageAssembler.largestKept + 1000
    #expect(assembler.header(properties, size: UInt64(huge)) == nil)
    #expect(assembler.body(Array(repeating: 1, count: huge - 500)) == nil)
    #expect(assembler.body(Array(repeating: 2, count: 500))?.body.count == MessageAssembler.largestKept)
  }

  @Test func partsWithoutABeginningAreIgnored() {
    var assembler = MessageAssembler()
    #expect(assembler.body([1]) == nil)
    #expect(assembler.header(properties, size: 0) == nil)
  }
}
