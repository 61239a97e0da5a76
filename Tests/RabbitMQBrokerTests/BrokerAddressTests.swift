import Testing

@testable import RabbitMQBroker

@Suite struct BrokerAddressTests {
  @Test func partsAreReadAndDecoded() throws {
    let address = try BrokerAddress("amqp://us%40er:p%2Fw%3A@broker.example:5673/fleet%2Fa")
    #expect(address.user == "us@er")
    #expect(address.password == "p/w:")
    #expect(address.host == "broker.example")
    #expect(address.port == 5673)
    #expect(address.virtualHost == "fleet/a")
  }

  @Test(arguments: ["amqp://localhost", "amqp://localhost/", "amqp://localhost/%2f", "AMQP://localhost:5672/%2F"])
  func missingPartsHaveTheUsualValues(url: String) throws {
    let address = try BrokerAddress(url)
    #expect(address.port == 5672)
    #expect(address.virtualHost == "/")
    #expect(address.user == "guest")
  }

  @Test func sixthVersionAddressesAreTakenOutOfTheirBrackets() throws {
    #expect(try BrokerAddress("amqp://[::1]:1234/a").host == "::1")
  }

  @Test(arguments: [
    "", "localhost:5672", "http://localhost", "amqp://", "amqp:///vhost", "amqp://host:0/", "amqp://host:99999/",
    "amqp://host/a/b", "amqp://host/a?heartbeat=1", "amqp://us%00er:secret@host/",
  ])
  func whatIsNoBrokerIsRefused(url: String) {
    #expect(throws: BrokerAddressError.self) { try BrokerAddress(url) }
  }

  @Test func tlsIsRefusedByName() {
    #expect(throws: BrokerAddressError.tlsUnsupported) { try BrokerAddress("amqps://host/") }
  }

  @Test func passwordIsNotShown() throws {
    let address = try BrokerAddress("amqp://user:sesame@host:1/v")
    var dumped = ""
    dump(address, to: &dumped)
    for text in ["\(address)", String(reflecting: address), dumped] { #expect(!text.contains("sesame")) }
    #expect("\(address)" == "host:1/v")
    #expect(throws: BrokerAddressError.self) { try BrokerAddress("amqp://user:sesame@host:77777/v") }
    do {
      _ = try BrokerAddress("amqp://user:sesame@host:77777/v")
    } catch {
      #expect(!"\(error)".contains("sesame"))
    }
  }
}
