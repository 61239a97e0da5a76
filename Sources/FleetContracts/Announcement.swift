internal import Digests

/// What all processes of the fleet are told at once. Best effort: whoever isn't there misses it, and nothing breaks by that. Schema:
/// `Schemas/announcement.v1.json`.
public enum Announcement: Hashable, Sendable {
  public static let type = "tessera.announcement.v1"

  /// The run is cancelled: its jobs needn't be computed.
  case cancelled(RunID)
  /// The worker's results are wrong: it takes no more jobs.
  case quarantined(worker: String, reason: String)
  /// The worker may take jobs again.
  case released(worker: String)
  /// The trainer's job has gone to another, or is over: it needn't go on with it.
  case trainingStopped(training: TrainingID, job: Int, attempt: Int, worker: String)
}

extension Announcement: Codable {
  private enum CodingKeys: String, CodingKey { case version, kind, run, worker, reason, training, job, attempt }
  private enum Kind: String, Codable { case cancelled, quarantined, released, trainingStopped }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let version = try container.decode(Int.self, forKey: .version)
    guard version == Self.knownVersion else {
      throw DecodingError.dataCorruptedError(
        forKey: .version, in: container, debugDescription: "an announcement of version \(version)")
    }
    switch try container.decode(Kind.self, forKey: .kind) {
    case .cancelled: self = .cancelled(try container.decode(RunID.self, forKey: .run))
    case .quarantined:
      self = .quarantined(
        worker: try container.decode(String.self, forKey: .worker),
        reason: try container.decodeIfPresent(String.self, forKey: .reason) ?? "")
    case .released: self = .released(worker: try container.decode(String.self, forKey: .worker))
    case .trainingStopped:
      self = .trainingStopped(
        training: try container.decode(TrainingID.self, forKey: .training),
        job: try container.decode(Int.self, forKey: .job), attempt: try container.decode(Int.self, forKey: .attempt),
        worker: try container.decode(String.self, forKey: .worker))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(version, forKey: .version)
    switch self {
    case .cancelled(let run):
      try container.encode(Kind.cancelled, forKey: .kind)
      try container.encode(run, forKey: .run)
    case .quarantined(let worker, let reason):
      try container.encode(Kind.quarantined, forKey: .kind)
      try container.encode(worker, forKey: .worker)
      try container.encode(reason, forKey: .reason)
    case .released(let worker):
      try container.encode(Kind.released, forKey: .kind)
      try container.encode(worker, forKey: .worker)
    case .trainingStopped(let training, let job, let attempt, let worker):
      try container.encode(Kind.trainingStopped, forKey: .kind)
      try container.encode(training, forKey: .training)
      try container.encode(job, forKey: .job)
      try container.encode(attempt, forKey: .attempt)
      try container.encode(worker, forKey: .worker)
    }
  }
}

extension Announcement: VersionedMessage {
  /// One of another version isn't decoded at all.
  var version: Int { Self.knownVersion }
}

extension QueueMessage {
  public init(_ announcement: Announcement) throws {
    let body = try MessageCoding.encode(announcement)
    self.init(id: Digest(of: body).hexadecimal, type: Announcement.type, body: body)
  }

  /// - Throws: `MessageError` when the message is of another type or version, or unreadable.
  public func announcement() throws -> Announcement {
    try MessageCoding.decode(Announcement.self, type: Announcement.type, from: self)
  }
}

/// Telling all processes of the fleet something at once.
public protocol Announcer: Sendable {
  /// Tells everybody who listens now. While the broker is away nobody is told, which is no error.
  /// - Throws: `JobQueueError.tooLarge`, `.closed`.
  func announce(_ announcement: Announcement) async throws

  /// All that is announced from now on, also by this process, until the queue is closed. Listening survives the loss of the connection; what
  /// is announced meanwhile is missed, and so are the oldest of more than a thousand that nobody has taken. Announcements of newer
  /// versions are left out.
  /// - Throws: `JobQueueError.closed`.
  func announcements() async throws -> AsyncStream<Announcement>
}
