internal import Digests
public import FleetContracts
internal import Foundation
public import Logging
public import ServiceLifecycle

/// Takes studies that other systems submit by RabbitMQ.
///
/// A message is acknowledged when its run is in the ledger, or when it is parked: in the queue of parked messages with the reason, and as a dead
/// letter in the ledger. So none gets lost, and none goes round for ever.
public struct IngestService: Service, CustomStringConvertible {
  /// The service's name in logs.
  public var description: String { "ingest" }

  /// Messages in hand at once.
  private static let prefetch = 4
  /// A message that was handed out so often has brought processes down, or nobody has managed to answer it for hours.
  static let mostDeliveries = 20
  /// How long a message waits in hand for a server to come back; less than the half hour after which brokers take it away.
  private static let longestHold = Duration.seconds(1200)
  /// The header of a parked message that tells why.
  static let reasonHeader = "tessera-reason"
  private static let longestReason = 600

  private let intake: StudyIntake
  private let queue: any JobQueue & UpstreamGate
  private let settings: ServiceSettings
  private let logger: Logger

  public init(
    intake: StudyIntake, queue: any JobQueue & UpstreamGate, settings: ServiceSettings, logger: Logger
  ) {
    self.intake = intake
    self.queue = queue
    self.settings = settings
    self.logger = logger
  }

  public func run() async throws {
    try await queue.prepare()
    let subscription = try await queue.subscribe(to: .ingest, prefetch: Self.prefetch)
    logger.info("ingest started")
    try await withGracefulShutdownHandler {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<Self.prefetch {
          group.addTask {
            while let delivery = try await subscription.next() { await take(delivery) }
          }
        }
        try await group.waitForAll()
      }
    } onGracefulShutdown: {
      Task { await subscription.cancel() }
    }
    logger.info("ingest stopped")
  }

  /// Answers one message; while a server is away, it waits with it in hand.
  private func take(_ delivery: Delivery) async {
    let start = ContinuousClock.now
    var pause = Duration.milliseconds(500)
    while true {
      do {
        try await settle(delivery)
        return
      } catch {
        logger.warning("submission waits", metadata: ["error": "\(error)"])
      }
      guard Pausing.goesOn, ContinuousClock.now - start < Self.longestHold else { break }
      await Pausing.pause(pause)
      pause = min(pause * 2, .seconds(30))
    }
    try? await delivery.putBack()
  }

  /// - Throws: what may pass.
  private func settle(_ delivery: Delivery) async throws {
    let message = delivery.message
    do {
      guard delivery.earlierDeliveries < Self.mostDeliveries else {
        throw StudyRefusal("The message was handed out \(delivery.earlierDeliveries) times without an end.")
      }
      let receipt = try await submit(delivery)
      logger.tracing(message.trace).info(
        "study submitted", metadata: ["run": "\(receipt.run)", "new": "\(receipt.isNew)", "by": "amqp"])
      try await answer(StudyAnswer(receipt), delivery)
    } catch let error where !StudyIntake.mayPass(error) {
      try await park(delivery, reason: "\(error)")
    }
    // One whose acknowledgement is lost comes again, and finds its run by its key.
    try? await delivery.acknowledge()
  }

  private func submit(_ delivery: Delivery) async throws -> SubmissionReceipt {
    let message = delivery.message
    guard message.type.isEmpty || message.type == StudyRequest.type else {
      throw MessageError.unknownType(message.type, expected: StudyRequest.type)
    }
    var request = try StudyRequest(json: message.body)
    if let word = delivery.routingKey, !word.isEmpty {
      let named = try Tenant(word)
      guard request.tenant == nil || request.tenant == named else {
        throw StudyRefusal("The message says the tenant \(request.tenant ?? named), its routing key \(named).")
      }
      request.tenant = named
    }
    guard !request.images.isEmpty else { throw StudyRefusal("The submission names no image.") }
    let images = try await intake.images(of: request)
    return try await intake.submit(request, images: images, trace: message.trace) { _ in
      // The same message again is the same study, whether its sender has named it or not.
      message.id.isEmpty ? "amqp-\(Digest(of: message.body))" : message.id
    }
  }

  /// Kept in the ledger, then parked, then answered; whatever is interrupted is done again, and kept once.
  private func park(_ delivery: Delivery, reason: String) async throws {
    let message = delivery.message
    let short = String(reason.prefix(Self.longestReason))
    try await intake.ledger.keep(message, from: .ingest, reason: short)
    var parked = message
    parked.headers = message.headers.filter { $0.key == TraceContext.header }
    parked.headers[Self.reasonHeader] = short
    try await queue.publish(parked, to: .parked)
    logger.error("a submission is parked", metadata: ["message_id": "\(message.id.prefix(80))", "reason": "\(short)"])
    try await answer(StudyAnswer(error: short), delivery)
  }

  private func answer(_ answer: StudyAnswer, _ delivery: Delivery) async throws {
    guard var address = delivery.reply, !address.queue.isEmpty else { return }
    if address.correlation == nil, !delivery.message.id.isEmpty { address.correlation = delivery.message.id }
    try await queue.answer(try answer.message(to: delivery.message), to: address)
  }
}
