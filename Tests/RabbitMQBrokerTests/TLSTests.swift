import FleetContracts
import Foundation
import Testing
import Testkit

@testable import RabbitMQBroker

/// Connections by TLS: to a RabbitMQ that speaks nothing else, and to servers that aren't who they should be.
@Suite(
  .serialized, .enabled(if: PrivateBroker.isInstalled, "Install rabbitmq-server to run these tests."),
  .privateBrokerWithTLS, .timeLimit(.minutes(5)))
struct TLSTests {
  let broker: PrivateBroker
  /// Where certificates of the broker's authority are.
  let tls: String

  init() throws {
    broker = try #require(PrivateBroker.current)
    tls = broker.folder + "/tls"
  }

  /// The broker's URL with other parts.
  private func url(host: String = "localhost", port: Int? = nil, _ query: String) throws -> String {
    var parts = try #require(URLComponents(string: broker.url))
    parts.host = host
    if let port { parts.port = port }
    parts.query = query
    return try #require(parts.string)
  }

  /// What is thrown when `url` is prepared; it must be one sentence, soon.
  private func refusal(of url: String) async throws -> String {
    let queue = try RabbitMQJobQueue(url: url)
    defer { Task { await queue.close() } }
    let error = await #expect(throws: JobQueueError.self) { try await queue.prepare() }
    guard case .refused(let reason)? = error else { return "\(String(describing: error))" }
    #expect(!reason.contains("\n"))
    return reason
  }

  @Test(arguments: ["localhost", "127.0.0.1"])
  func messagesTravelByTLS(host: String) async throws {
    let events = EventLog()
    let queue = try RabbitMQJobQueue(
      url: try url(host: host, "cacertfile=\(tls)/ca.crt"),
      settings: RabbitMQJobQueue.Settings(queuePrefix: "\(host)."), onEvent: events.record)
    try await queue.prepare()
    // Many and large ones: several records of TLS, and several of them in one read.
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 100)
    let body = [UInt8](repeating: 0x20, count: QueueMessage.largestBody)
    for round in 0..<3 {
      try await withThrowingTaskGroup { group in
        for number in 0..<100 {
          group.addTask {
            try await queue.publish(QueueMessage(id: "\(round)/\(number)", type: "t", body: body), to: .tiles)
          }
        }
        try await group.waitForAll()
      }
      for _ in 0..<100 {
        let delivery = try #require(try await consumer.next())
        #expect(delivery.message.body == body)
        try await delivery.acknowledge()
      }
    }
    await queue.close()
    #expect(events.disconnections.isEmpty)
  }

  @Test func aBrokerThatWasKilledIsFoundAgain() async throws {
    let events = EventLog()
    let queue = try RabbitMQJobQueue(
      url: try url("cacertfile=\(tls)/ca.crt"),
      settings: RabbitMQJobQueue.Settings(queuePrefix: "killed.", longestPause: .milliseconds(300)),
      onEvent: events.record)
    try await queue.prepare()
    let consumer = try await queue.subscribe(to: .tiles, prefetch: 1)
    try await broker.kill()
    try await events.wait { if case .disconnected = $0 { true } else { false } }
    let publishing = Task { try await queue.publish(QueueMessage(id: "1", type: "t", body: [1]), to: .tiles) }
    try await broker.restart()
    try await publishing.value
    let delivery = try #require(try await consumer.next())
    #expect(delivery.message.id == "1")
    try await delivery.acknowledge()
    await queue.close()
  }

  @Test func aBrokerOfAnotherAuthorityIsRefused() async throws {
    let other = tls + "/other"
    try await PrivateBroker.certificates("ca", other)
    let reason = try await refusal(of: url("cacertfile=\(other)/ca.crt"))
    #expect(reason.contains("the broker's certificate is refused"), "\(reason)")
    #expect(reason.contains("certificate"), "\(reason)")
    // Nor do the system's authorities know it.
    #expect(try await refusal(of: url("verify=verify_peer")).contains("the broker's certificate is refused"))
  }

  @Test(arguments: [
    ("other.example", 30, "localhost", "ostname mismatch"), ("other.example", 30, "127.0.0.1", "IP address mismatch"),
    ("localhost", -1, "localhost", "certificate has expired"),
  ])
  func aCertificateOfAnotherNameOrTimeIsRefused(name: String, days: Int, host: String, words: String) async throws {
    let folder = "\(tls)/\(name)\(days)"
    try await PrivateBroker.certificates("ca", folder)
    try await PrivateBroker.certificates("server", folder, "server", name, days: days)
    let server = try Impostor(folder: folder)
    defer { server.stop() }
    let reason = try await refusal(of: url(host: host, port: server.port, "cacertfile=\(folder)/ca.crt"))
    #expect(reason.contains(words), "\(reason)")
  }

  @Test func aClientsCertificateIsShownAndMustBeKnown() async throws {
    try await PrivateBroker.certificates("client", tls, "worker")
    let queue = try RabbitMQJobQueue(
      url: try url("cacertfile=\(tls)/ca.crt&certfile=\(tls)/worker.crt&keyfile=\(tls)/worker.key"))
    try await queue.prepare()
    await queue.close()

    let stranger = tls + "/stranger"
    try await PrivateBroker.certificates("ca", stranger)
    try await PrivateBroker.certificates("client", stranger, "worker")
    // The broker's alert may be overtaken by the end of the connection; then it is tried again, as after any loss.
    let reason = try await refusal(
      of: url("cacertfile=\(tls)/ca.crt&certfile=\(stranger)/worker.crt&keyfile=\(stranger)/worker.key"))
    #expect(reason.contains("the broker refuses this client's certificate"), "\(reason)")
  }

  @Test func filesThatCannotBeReadAreNamed() async throws {
    #expect(try await refusal(of: url("cacertfile=/nowhere.crt")).contains("/nowhere.crt"))
    let reason = try await refusal(of: url("cacertfile=\(tls)/ca.crt&certfile=/no.crt&keyfile=/no.key"))
    #expect(reason.contains("/no.crt") && reason.contains("/no.key"), "\(reason)")
  }

  /// A server that doesn't speak TLS is told apart from one that is away.
  @Test func aPortWithoutTLSIsNamed() async throws {
    let listener = try Impostor(folder: nil)
    defer { listener.stop() }
    let reason = try await refusal(of: url(port: listener.port, "cacertfile=\(tls)/ca.crt"))
    #expect(reason.contains("there is none at that port"), "\(reason)")
  }
}

/// A server that isn't a broker: OpenSSL's with the certificate in a folder, or one that says "AMQP" to everybody.
private final class Impostor {
  let port: Int
  private let process = Process()

  init(folder: String?) throws {
    port = try LoopbackPort.free()
    process.executableURL = URL(filePath: folder == nil ? "/usr/bin/perl" : "/usr/bin/openssl")
    if let folder {
      process.arguments = [
        "s_server", "-quiet", "-accept", "127.0.0.1:\(port)", "-cert", "\(folder)/server.crt", "-key",
        "\(folder)/server.key",
      ]
    } else {
      process.arguments = [
        "-MIO::Socket::INET", "-e",
        "my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1:\(port)', ReuseAddr => 1); while (my $c = $s->accept) { print $c qq(AMQP\\0\\0\\x09\\x01); close $c }",
      ]
    }
    process.standardInput = Pipe()  // s_server ends at the end of its input
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    let deadline = ContinuousClock.now + .seconds(10)
    while try LoopbackPort.isListening(port) == false, ContinuousClock.now < deadline { usleep(10_000) }
  }

  /// At once: s_server doesn't end by SIGTERM while a connection is open.
  func stop() {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
