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

  @Test func tlsNeedsItsSchemeAndFindsItsFiles() throws {
    let plain = try BrokerAddress("amqps://host/")
    #expect(plain.port == 5671)
    #expect(plain.tls == TLSFiles())
    let files = TLSFiles(authorities: "/default.crt", certificate: "/c.crt", key: "/c.key")
    let named = try BrokerAddress("amqps://host/?cacertfile=%2Fa%20b.crt&verify=verify_peer", files: files)
    #expect(named.tls == TLSFiles(authorities: "/a b.crt", certificate: "/c.crt", key: "/c.key"))
    #expect(try BrokerAddress("amqp://host/", files: files).tls == nil, "settings alone don't switch it on")
  }

  /// What would weaken TLS, or would do nothing, isn't overlooked.
  @Test(arguments: [
    "amqps://host/?verify=verify_none", "amqps://host/?cacertfile", "amqps://host/?certfile=a.crt",
    "amqps://host/?keyfile=a.key",
    "amqps://host/?heartbeat=1", "amqp://host/?cacertfile=ca.crt",
  ])
  func parametersThatWouldMisleadAreRefused(url: String) {
    #expect(throws: BrokerAddressError.self) { try BrokerAddress(url) }
  }

  @Test func loopbackIsKnown() throws {
    for host in ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"] {
      #expect(try BrokerAddress("amqp://\(host)/").isLoopback)
    }
    for host in ["broker", "10.0.0.1", "[fe80::1]"] { #expect(try !BrokerAddress("amqp://\(host)/").isLoopback) }
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
