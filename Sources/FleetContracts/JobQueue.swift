/// The queues of the fleet.
public enum QueueName: String, Sendable, CaseIterable {
  /// Tile jobs for workers.
  case tiles = "tessera.tiles"
  /// Tile results for aggregators.
  case results = "tessera.results"
  /// What workers say of themselves: short-lived, of limited length, so that it can't grow while nobody reads it.
  case workers = "tessera.workers"
  /// Folds and choices for trainers.
  case trainings = "tessera.trainings"
  /// What trainers report.
  case trainingReports = "tessera.training-reports"
  /// Messages that nobody could read; kept for an operator.
  case dead = "tessera.dead"
  /// What other systems submit; bound to the exchange of the same name.
  case ingest = "tessera.ingest"
  /// Submissions that can't be taken, with the reason; kept for whoever sent them.
  case parked = "tessera.ingest.parked"

  /// Those of the fleet itself.
  public static let ofTheFleet: [QueueName] = [.dead, .tiles, .results, .workers, .trainings, .trainingReports]

  /// The largest body that is taken from the queue, in bytes.
  public var largestBody: Int {
    switch self {
    case .tiles, .results, .workers, .trainings, .trainingReports, .dead: QueueMessage.largestBody
    case .ingest, .parked: QueueMessage.largestSubmission
    }
  }
}

/// A message as the broker carries it: at most 2 KiB of JSON with references, never voxels or patient data.
public struct QueueMessage: Hashable, Sendable {
  /// Unique for each message made; the same when the same message is published again.
  public var id: String
  /// The name of the body's schema, such as `tessera.tile-job.v1`.
  public var type: String
  public var body: [UInt8]
  /// What travels beside the body, such as `traceparent`: short texts by name. Names that begin with `x-` are the broker's own.
  public var headers: [String: String]

  /// The largest body that is published, in bytes.
  public static let largestBody = 2048

  /// The largest submission, in bytes.
  public static let largestSubmission = 65536

  /// The most that headers may take, names and values together, in bytes.
  public static let largestHeaders = 1024

  public init(id: String, type: String, body: [UInt8], headers: [String: String] = [:]) {
    self.id = id
    self.type = type
    self.body = body
    self.headers = headers
  }

  /// The trace that the message belongs to, in the header `traceparent`; `nil` when there is none that can be read.
  public var trace: TraceContext? {
    get { headers[TraceContext.header].flatMap { TraceContext($0) } }
    set { headers[TraceContext.header] = newValue?.description }
  }

  /// - Parameter largest: what its body may have at most, in bytes.
  /// - Throws: `JobQueueError` when the message isn't fit to be published.
  public func check(largest: Int = QueueMessage.largestBody) throws {
    guard body.count <= largest else { throw JobQueueError.tooLarge(bytes: body.count) }
    let size = headers.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    guard size <= Self.largestHeaders else {
      throw JobQueueError.refused("a message's headers have \(size) bytes; at most \(Self.largestHeaders) are allowed.")
    }
    for name in headers.keys where name.isEmpty || name.hasPrefix("x-") || name.utf8.count > 128 {
      throw JobQueueError.refused(
        "a message's header can't be called \"\(name)\"; names beginning with x- are the broker's.")
    }
  }
}

/// A broker of jobs: at-least-once delivery, with a confirm for each message published and an acknowledgement for each handled.
///
/// An implementation survives the loss of its connection by itself: `publish` tries again until confirmed, a subscription
/// subscribes again. What was delivered before the loss can't be acknowledged any more and will be delivered again.
public protocol JobQueue: Announcer {
  /// Declares the queues; harmless when they are there.
  func prepare() async throws

  /// Returns when the broker has taken responsibility for the message (persistent, mandatory, confirmed). It waits through an
  /// outage of the broker, until the calling task is cancelled or the queue is closed.
  /// - Throws: `JobQueueError.tooLarge`, `.closed`, or `CancellationError`.
  func publish(_ message: QueueMessage, to queue: QueueName) async throws

  /// Publishes all of them in this order without waiting for each, and returns when the broker has taken responsibility for all.
  /// When it throws, some of them may have reached the queue.
  /// - Throws: as for one message.
  func publish(_ messages: [QueueMessage], to queue: QueueName) async throws

  /// Starts a consumer that holds at most `prefetch` unacknowledged deliveries.
  func subscribe(to queue: QueueName, prefetch: Int) async throws -> any Subscription

  /// Depth of a queue and number of its consumers, or `nil` while the broker can't be reached.
  func status(of queue: QueueName) async -> QueueStatus?

  /// Whether the broker takes messages at present.
  func condition() async -> BrokerCondition

  /// Ends all subscriptions and connections. Unacknowledged deliveries go back to their queues.
  func close() async
}

extension JobQueue {
  public func condition() async -> BrokerCondition { await status(of: .tiles) == nil ? .away : .ready }
}

public struct QueueStatus: Hashable, Sendable {
  /// Messages that wait for a consumer.
  public var ready: Int
  public var consumers: Int

  public init(ready: Int, consumers: Int) {
    self.ready = ready
    self.consumers = consumers
  }
}

/// One consumer's stream of deliveries.
public protocol Subscription: Sendable {
  /// Waits for the next delivery; `nil` once the subscription is cancelled or the queue is closed, or when the calling task
  /// is cancelled (a delivery that would have been handed out then goes back to the queue).
  func next() async throws -> Delivery?

  /// Waits for the next delivery, and takes with it what else has arrived, `limit` at most; none under the same conditions as `next`.
  func next(atMost limit: Int) async throws -> [Delivery]

  /// No more deliveries, and those that were not yet handed out go back to the queue. Deliveries in hand can still be
  /// acknowledged.
  func cancel() async
}

/// A message in hand. It must be acknowledged, returned or rejected exactly once.
public struct Delivery: Sendable {
  public let message: QueueMessage
  /// How often the broker has delivered this message before: 0 for the first time. A hint only: brokers count differently.
  public let earlierDeliveries: Int
  /// Of a dead letter: the queue that it was rejected from, where the broker tells.
  public let origin: QueueName?
  /// How the sender wants to be answered.
  public let reply: ReplyAddress?
  /// What the message was sent with; `nil` where it came by the queue's name.
  public let routingKey: String?
  private let settle: @Sendable (DeliverySettlement) async throws -> Void

  public init(
    message: QueueMessage, earlierDeliveries: Int, origin: QueueName? = nil, reply: ReplyAddress? = nil,
    routingKey: String? = nil, settle: @escaping @Sendable (DeliverySettlement) async throws -> Void
  ) {
    self.message = message
    self.earlierDeliveries = earlierDeliveries
    self.origin = origin
    self.reply = reply
    self.routingKey = routingKey
    self.settle = settle
  }

  /// The message is handled and may be forgotten.
  /// - Throws: `JobQueueError.deliveryLost` when the connection that delivered it is gone: it will be delivered again.
  public func acknowledge() async throws { try await settle(.acknowledge) }

  /// All of these are handled. Those whose connection is gone will be delivered again, as after `acknowledge`.
  public static func acknowledge(_ deliveries: [Delivery]) async {
    await withTaskGroup { group in
      for delivery in deliveries { group.addTask { try? await delivery.acknowledge() } }
    }
  }

  /// Back to the queue, for anybody.
  public func putBack() async throws { try await settle(.putBack) }

  /// Nobody can handle this message: to the dead letters.
  public func reject() async throws { try await settle(.reject) }
}

public enum DeliverySettlement: Sendable {
  case acknowledge, putBack, reject
}

public enum JobQueueError: Error, Hashable, CustomStringConvertible {
  case tooLarge(bytes: Int)
  case closed
  case deliveryLost
  case refused(String)

  public var description: String {
    switch self {
    case .tooLarge(let bytes):
      "A message of \(bytes) bytes can't be published; at most \(QueueMessage.largestBody) bytes are allowed, voxels travel as blobs."
    case .closed: "The connection to the broker was closed by this process."
    case .deliveryLost: "The connection that delivered the message is gone; the broker will deliver it again."
    case .refused(let reason): "The broker refused the request: \(reason)"
    }
  }
}
