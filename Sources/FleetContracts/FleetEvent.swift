public import Digests
public import Foundation

/// What those outside of the fleet are told: a run has come into another state.
///
/// An event has one identifier for good. It is delivered at least once on each way (RabbitMQ, webhooks, server-sent events), always with the same
/// identifier and the same bytes, so whoever remembers identifiers counts it once. It holds nothing of a patient, nor the caller's key.
/// Written as a CloudEvent (https://github.com/cloudevents/spec, 1.0); schema: `Schemas/event.v1.json`.
public struct FleetEvent: Hashable, Sendable, Identifiable {
  public static let schema = "tessera.event.v1"
  public static let contentType = "application/cloudevents+json"
  /// Who tells: CloudEvents' `source`.
  public static let source = "/tessera"

  /// The place in the ledger's order, from 1, with gaps: whoever has read up to here misses nothing that comes later.
  public var position: Int
  public var id: UUID
  /// When it happened, by the ledger's clock.
  public var at: Date
  public var tenant: Tenant
  /// The run's trace.
  public var trace: TraceContext?
  public var data: RunFacts

  public init(position: Int, id: UUID, at: Date, tenant: Tenant, trace: TraceContext?, data: RunFacts) {
    self.position = position
    self.id = id
    self.at = at
    self.tenant = tenant
    self.trace = trace
    self.data = data
  }

  public var run: RunID { data.run }
  public var state: RunState { data.state }
  /// `tessera.run.completed` and the like.
  public var type: String { "tessera.run.\(state.rawValue)" }

  /// The event as JSON: the same bytes each time.
  public var json: [UInt8] { get throws { try MessageCoding.encode(self) } }

  /// - Throws: `DecodingError`.
  public init(json: some Sequence<UInt8>) throws {
    self = try JSONDecoder().decode(FleetEvent.self, from: Data(json))
  }
}

/// What was known of a run when its state changed.
public struct RunFacts: Hashable, Sendable, Codable {
  public struct Label: Hashable, Sendable, Codable {
    public var label: Int
    public var name: String
    public var voxels: Int
    /// In millilitres.
    public var volume: Double

    private enum CodingKeys: String, CodingKey { case label, name, voxels, volume = "volume_ml" }

    public init(_ measurement: LabelMeasurement) {
      label = measurement.label
      name = measurement.name
      voxels = measurement.voxels
      volume = measurement.volume
    }
  }

  public var run: RunID
  public var state: RunState
  public var runClass: RunClass
  /// What the models were called when the run was submitted.
  public var model: String
  public var modelDigest: Digest
  /// Tiles of all passes that are planned so far.
  public var plannedTiles: Int
  public var acceptedTiles: Int
  /// Of a run that has failed.
  public var failure: RunFailure?
  /// Of a run that is completed: the label map as `.nii.gz` in the store.
  public var labelMap: Digest?
  /// SHA-256 of the label map's voxels, uint8 `[z, y, x]`.
  public var labelVoxels: Digest?
  /// Of a run that is completed: each label but the background, also those that are absent (0).
  public var labels: [Label]?

  private enum CodingKeys: String, CodingKey {
    case run, state
    case runClass = "class"
    case model
    case modelDigest = "model_sha256"
    case plannedTiles = "planned_tiles"
    case acceptedTiles = "accepted_tiles"
    case failure
    case labelMap = "label_map_sha256"
    case labelVoxels = "label_sha256"
    case labels
  }

  /// What is known of `run` now.
  public init(_ run: RunRecord) {
    self.run = run.id
    state = run.state
    runClass = run.runClass
    model = run.model.name
    modelDigest = run.model.digest
    plannedTiles = run.plannedTiles
    acceptedTiles = run.acceptedTiles
    failure = run.failure
    labelMap = run.outcome?.labelMap
    labelVoxels = run.outcome?.labelVoxels
    labels = run.outcome?.labels.sorted { $0.label < $1.label }.map(Label.init)
  }
}

extension FleetEvent: Codable {
  private enum CodingKeys: String, CodingKey {
    case specversion, id, source, type, subject, time, datacontenttype, dataschema, sequence, tenant, traceparent, data
  }

  /// Twenty digits: CloudEvents' extension `sequence` is compared as text.
  private static let sequenceDigits = 20

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode("1.0", forKey: .specversion)
    try container.encode(id.uuidString.lowercased(), forKey: .id)
    try container.encode(Self.source, forKey: .source)
    try container.encode(type, forKey: .type)
    try container.encode(run, forKey: .subject)
    try container.encode(at.formatted(Self.time), forKey: .time)
    try container.encode("application/json", forKey: .datacontenttype)
    try container.encode(Self.schema, forKey: .dataschema)
    let digits = String(position)
    try container.encode(
      String(repeating: "0", count: max(0, Self.sequenceDigits - digits.count)) + digits, forKey: .sequence)
    try container.encode(tenant, forKey: .tenant)
    try container.encodeIfPresent(trace?.description, forKey: .traceparent)
    try container.encode(data, forKey: .data)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let schema = try container.decode(String.self, forKey: .dataschema)
    guard schema == Self.schema else {
      throw DecodingError.dataCorruptedError(
        forKey: .dataschema, in: container, debugDescription: "an event of the schema \(schema)")
    }
    guard let position = Int(try container.decode(String.self, forKey: .sequence)) else {
      throw DecodingError.dataCorruptedError(forKey: .sequence, in: container, debugDescription: "not a number")
    }
    self.init(
      position: position, id: try container.decode(UUID.self, forKey: .id),
      at: try Date(container.decode(String.self, forKey: .time), strategy: Self.time),
      tenant: try container.decode(Tenant.self, forKey: .tenant),
      trace: try container.decodeIfPresent(String.self, forKey: .traceparent).flatMap { TraceContext($0) },
      data: try container.decode(RunFacts.self, forKey: .data))
  }

  private static let time = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}

extension QueueMessage {
  /// The message that carries `event`. It may be larger than other messages, as it has a volume for each label.
  public init(_ event: FleetEvent) throws {
    self.init(id: event.id.uuidString.lowercased(), type: FleetEvent.schema, body: try event.json)
    trace = event.trace
  }
}
