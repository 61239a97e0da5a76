internal import FleetContracts
internal import Foundation
internal import HTTPAPI
internal import RabbitMQBroker
internal import UNet

/// What the fleet's processes are told: flags over environment over configuration file over default.
struct FleetSettings {
  private var broker: String?
  private var database: String?
  private var store: String?
  /// `amqp.cacertfile`, `amqp.certfile`, `amqp.keyfile`: files for TLS to the broker, as far as its URL doesn't name them.
  var brokerFiles: TLSFiles
  /// `cache.folder`, `TESSERA_CACHE_FOLDER`: where a process keeps fetched models; default `tessera/models` in the user's cache.
  var cacheFolder: String
  /// `threads`, `TESSERA_THREADS`: compute threads of a slot, of a preparation and of a stitch; default: all processors.
  var threads: Int
  /// `worker.slots`, `TESSERA_WORKER_SLOTS`: tiles that a worker computes at once; default 1.
  var slots: Int
  /// `max.memory`, `TESSERA_MAX_MEMORY`: bytes that the process may have in use, such as `4GiB`; default: no limit.
  var maxMemory: Int?
  /// `engine`, `TESSERA_ENGINE`, and `isa`, `TESSERA_ISA`: what a worker computes networks with: `winograd`, `blas` or `automatic`, and the
  /// instruction set of `winograd`; default: automatic, the best that the processor has.
  var engine: EngineRequest
  /// `weights.cache`, `TESSERA_WEIGHTS_CACHE`, and `weights.limit`, `TESSERA_WEIGHTS_LIMIT`: where transformed weights are kept.
  var weights: WeightsCacheSettings
  /// `store.reserve`, `TESSERA_STORE_RESERVE`: with less than this free in the blob store no new study is begun; default 1 GiB.
  var storeReserve: StoreReserve
  /// `lease.seconds`, `TESSERA_LEASE_SECONDS`: how long a claim on a run lasts without being renewed; default 30.
  var leaseSeconds: Int
  /// `training.lease.seconds`, `TESSERA_TRAINING_LEASE_SECONDS`: how long a trainer may be silent; default 60.
  var trainingLeaseSeconds: Int
  /// `overdue.seconds`, `TESSERA_OVERDUE_SECONDS`: tiles without a result for so long are dispatched again; default 900.
  var overdueSeconds: Int
  /// `canary.share`, `TESSERA_CANARY_SHARE`: the share of tiles that two workers compute, as a check of their machines; default 0.
  var canaryShare: Double
  /// `grace.seconds`, `TESSERA_GRACE_SECONDS`: how long a stopping process may finish its work; default 120.
  var graceSeconds: Int
  /// `http.listen`, `TESSERA_HTTP_LISTEN`: where a role serves health and metrics, such as `127.0.0.1:9090`; default: nowhere.
  var httpListen: ListenAddress?
  /// What `tessera serve` is told.
  var serve: ServeSettings
  /// `scale.drain.seconds`, `TESSERA_SCALE_DRAIN_SECONDS`: the time in which `/v1/scale` wants all work done; default 600.
  var scaleDrainSeconds: Int
  /// `log.format`, `TESSERA_LOG_FORMAT`: `text` or `json`; default: text.
  var logFormat: FleetLogging.Format
  /// `heartbeat.seconds`, `TESSERA_HEARTBEAT_SECONDS`: between heartbeats of the broker's connection, which is given up after two; default 15.
  var heartbeatSeconds: Int
  /// `ack.timeout.seconds`, `TESSERA_ACK_TIMEOUT_SECONDS`: how long the broker waits for the acknowledgement of a job (its `consumer_timeout`);
  /// default 1800, as RabbitMQ's.
  var ackTimeoutSeconds: Int
  /// `ingest.folder`, `TESSERA_INGEST_FOLDER`: where files may lie that submissions by RabbitMQ name; default: they may name none.
  var ingestFolder: String?
  /// `webhook.plain`, `TESSERA_WEBHOOK_PLAIN`: whether events may be posted unencrypted to other machines; default: no.
  var allowsPlainWebhooks: Bool

  /// Reads settings.
  /// - Parameters:
  ///   - flags: values from the command line by key; `nil` where the flag wasn't given.
  ///   - file: a configuration file (JSON with comments), or `nil` for the one that `TESSERA_CONFIG` names, if any.
  /// - Throws: `SettingsError`.
  static func read(flags: [String: String?] = [:], file: String? = nil) async throws -> FleetSettings {
    try FleetSettings(SettingsReader(flags: flags, file: file))
  }

  /// - Throws: `SettingsError`, `ListenAddressError`.
  init(_ reader: SettingsReader) throws {
    broker = reader.text(.brokerURL)
    database = reader.text(.databaseURL)
    store = reader.text(.storeURL)
    brokerFiles = TLSFiles(
      authorities: reader.text(.brokerAuthorities), certificate: reader.text(.brokerCertificate),
      key: reader.text(.brokerKey))
    cacheFolder = reader.text(.cacheFolder) ?? Self.userCache + "/models"
    threads = try reader.whole(.threads, otherwise: ProcessInfo.processInfo.activeProcessorCount)
    slots = try reader.whole(.workerSlots)
    maxMemory = try reader.size(.maxMemory)
    engine = try Self.engine(reader)
    weights = WeightsCacheSettings(
      folder: reader.text(.weightsCache), limit: try reader.size(.weightsLimit), userCache: Self.userCache)
    storeReserve = StoreReserve(bytes: try reader.size(.storeReserve) ?? 0)
    leaseSeconds = try reader.whole(.leaseSeconds)
    trainingLeaseSeconds = try reader.whole(.trainingLeaseSeconds)
    overdueSeconds = try reader.whole(.overdueSeconds)
    canaryShare = try reader.share(.canaryShare)
    graceSeconds = try reader.whole(.graceSeconds)
    httpListen = try reader.text(.httpListen).map(ListenAddress.init)
    serve = ServeSettings(
      listen: try ListenAddress(reader.text(.serveListen) ?? ServeSettings.defaultListen),
      limits: APILimits(
        upload: try reader.size(.serveUploadLimit) ?? APILimits().upload, rate: try reader.whole(.serveRate),
        burst: try reader.whole(.serveBurst)))
    scaleDrainSeconds = try reader.whole(.scaleDrainSeconds)
    logFormat = try reader.word(.logFormat).flatMap(FleetLogging.Format.init) ?? .text
    heartbeatSeconds = try reader.whole(.heartbeatSeconds)
    ackTimeoutSeconds = try reader.whole(.ackTimeoutSeconds)
    ingestFolder = reader.text(.ingestFolder)
    allowsPlainWebhooks = try reader.truth(.webhookPlain)
  }

  private static func engine(_ reader: SettingsReader) throws(SettingsError) -> EngineRequest {
    do {
      return EngineRequest(
        try reader.word(.engine).map(EngineWord.choice) ?? .automatic,
        instructionSet: try reader.text(.isa).map(EngineWord.instructionSet))
    } catch {
      throw SettingsError("The settings engine and isa, of workers: \(error)")
    }
  }
}

extension FleetSettings {
  /// `$XDG_CACHE_HOME/tessera`, else `~/.cache/tessera` (XDG Base Directory Specification).
  private static var userCache: String {
    let environment = ProcessInfo.processInfo.environment
    let base = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? NSHomeDirectory() + "/.cache"
    return base + "/tessera"
  }

  /// `amqp.url`, `TESSERA_AMQP_URL`: `amqp://user:password@host:port/vhost`. Holds a password.
  func brokerURL() throws -> String { try SettingsReader.needed(broker, .brokerURL) }

  /// `database.url`, `TESSERA_DATABASE_URL`: `postgresql://user:password@host:port/database`. Holds a password.
  func databaseURL() throws -> String { try SettingsReader.needed(database, .databaseURL) }

  /// `store.url`, `TESSERA_STORE_URL`: `file:///folder`, the same folder for all processes of the fleet.
  func storeURL() throws -> String { try SettingsReader.needed(store, .storeURL) }
}
