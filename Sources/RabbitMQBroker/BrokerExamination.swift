public import FleetContracts
internal import Threads

/// What a process would find at a broker with an address: for a person who looks for what is wrong. It changes nothing there.
public struct BrokerExamination: Sendable {
  /// How a queue is, for this user.
  public struct Queue: Sendable {
    public var queue: QueueName
    /// `nil` when it isn't there.
    public var status: QueueStatus?
    /// Whether this user may make it.
    public var mayMake: Bool
    /// What the broker said when it refused, such as for other arguments.
    public var refusal: String?
  }

  /// The broker's version; `nil` when it can't be reached.
  public var version: String?
  /// Why there is no connection.
  public var failure: String?
  public var isSecure: Bool
  public var queues: [Queue] = []

  /// Connects, looks, and closes. Takes seconds where the broker is away.
  /// - Throws: `ThreadError`.
  public static func examine(_ address: BrokerAddress, queuePrefix: String = "") async throws -> BrokerExamination {
    let thread = try BlockingThread(name: "examination")
    let found = try await thread.run { look(address, Topology(prefix: queuePrefix)) }
    await thread.close()
    return found
  }

  private static func look(_ address: BrokerAddress, _ topology: Topology) -> BrokerExamination {
    var found = BrokerExamination(isSecure: address.tls != nil)
    do throws(AMQPFailure) {
      let connection = try AMQPConnection(address, heartbeat: 10, name: "tessera doctor")
      found.version = connection.serverVersion ?? "of unknown version"
      for queue in QueueName.ofTheFleet { found.queues.append(try look(queue, topology, connection)) }
      connection.close()
    } catch {
      found.failure = error.reason
    }
    return found
  }

  /// First whether it is there at all, as asking to make it would make it.
  private static func look(
    _ queue: QueueName, _ topology: Topology, _ connection: AMQPConnection
  ) throws(AMQPFailure) -> Queue {
    var found = Queue(queue: queue, mayMake: true)
    do throws(AMQPFailure) {
      let channel = try connection.openChannel()
      found.status = try connection.declare(queue, topology, channel: channel, isPassive: true)
    } catch {
      guard case .channelClosed(_, let code, let text) = error else { throw error }
      if code != 404 { found.refusal = text }
      return found
    }
    do throws(AMQPFailure) {
      _ = try connection.declare(queue, topology, channel: try connection.openChannel())
    } catch {
      guard case .channelClosed(_, let code, let text) = error else { throw error }
      found.mayMake = code != 403
      if code != 403 { found.refusal = text }
    }
    return found
  }
}
