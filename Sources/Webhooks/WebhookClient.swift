internal import AsyncHTTPClient
public import FleetContracts
internal import Foundation

/// Posts events by HTTP. Certificates are verified, redirections aren't followed, and answers aren't read beyond their head.
public final class WebhookClient: WebhookSending {
  private let client: HTTPClient
  private let allowsPlain: Bool
  private let agent: String

  /// How long a receiver may take to answer; whatever takes longer belongs behind a queue of its own.
  private static let patience = Duration.seconds(15)

  /// - Parameters:
  ///   - allowsPlain: whether events may travel unencrypted to other machines.
  ///   - version: of this program, for the receiver's logs.
  public init(allowsPlain: Bool, version: String) {
    self.allowsPlain = allowsPlain
    agent = "tessera/\(version)"
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    configuration.timeout = HTTPClient.Configuration.Timeout(connect: .seconds(5), read: .seconds(15))
    // Receivers are told rarely, and one that restarts would break a connection that is kept.
    configuration.connectionPool.idleTimeout = .seconds(5)
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  public func close() async { try? await client.shutdown() }

  public func post(_ claimed: ClaimedDelivery) async -> WebhookAnswer {
    let delivery = claimed.delivery
    do {
      let address = try WebhookAddress(delivery.url, allowsPlain: allowsPlain)
      let body = try delivery.event.json
      var request = HTTPClientRequest(url: address.description)
      request.method = .POST
      request.headers.add(name: "content-type", value: FleetEvent.contentType)
      request.headers.add(name: "user-agent", value: agent)
      let id = delivery.event.id.uuidString.lowercased()
      let now = Int(Date().timeIntervalSince1970)
      for header in WebhookSignature.headers(id: id, timestamp: now, body: body, secret: claimed.secret) {
        request.headers.add(name: header.name, value: header.value)
      }
      if let trace = delivery.event.trace {
        request.headers.add(name: TraceContext.header, value: trace.child().description)
      }
      request.body = .bytes(body)
      let response = try await client.execute(request, timeout: .nanoseconds(Int64(Self.patience / .nanoseconds(1))))
      let wanted = response.headers.first(name: "retry-after").flatMap { RetryAfter.pause($0, now: Date()) }
      return .status(Int(response.status.code), retryAfter: wanted)
    } catch let error as WebhookAddressError {
      return .none(error.description)
    } catch {
      // The error's own words may quote the URL, but nothing of the event.
      return .none("There was no answer: \(error).")
    }
  }
}
