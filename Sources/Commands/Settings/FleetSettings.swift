internal import Configuration
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
  ///   - file: a JSON configuration file, or `nil` for the one that `TESSERA_CONFIG` names, if any.
  /// - Throws: `SettingsError`.
  static func read(flags: [String: String?] = [:], file: String? = nil) async throws -> FleetSettings {
    var given: [AbsoluteConfigKey: ConfigValue] = [:]
    for case (let key, let value?) in flags {
      given[AbsoluteConfigKey(key.split(separator: ".").map(String.init))] = ConfigValue(
        .string(value), isSecret: false)
    }
    var providers: [any ConfigProvider] = [
      InMemoryProvider(name: "command line", values: given), try PrefixedEnvironment.provider(),
    ]
    if let path = file ?? ProcessInfo.processInfo.environment["TESSERA_CONFIG"] {
      do {
        providers.append(try await FileProvider<JSONSnapshot>(filePath: .init(path)))
      } catch {
        throw SettingsError(
          "The configuration file \(path) can't be read (\(error)); correct it or unset TESSERA_CONFIG.")
      }
    }
    let reader = ConfigReader(providers: providers)
    func whole(_ key: ConfigKey, default value: Int, in range: ClosedRange<Int>) throws -> Int {
      let name = key.components.joined(separator: ".")
      guard let text = reader.string(forKey: key) ?? reader.int(forKey: key).map(String.init) else { return value }
      guard let number = Int(text), range.contains(number) else {
        throw SettingsError(
          "The setting \(name) is \(text); it must be a whole number from \(range.lowerBound) to \(range.upperBound).")
      }
      return number
    }
    func share(_ key: ConfigKey) throws -> Double {
      guard let text = reader.string(forKey: key) ?? reader.double(forKey: key).map({ "\($0)" }) else { return 0 }
      guard let number = Double(text), (0...1).contains(number) else {
        throw SettingsError(
          "The setting \(key.components.joined(separator: ".")) is \(text); it must be a number from 0 to 1.")
      }
      return number
    }
    func truth(_ key: ConfigKey) throws -> Bool {
      guard let text = reader.string(forKey: key) ?? reader.bool(forKey: key).map({ "\($0)" }) else { return false }
      guard let value = Bool(text) else {
        throw SettingsError(
          "The setting \(key.components.joined(separator: ".")) is \(text); it must be true or false.")
      }
      return value
    }
    func size(_ key: ConfigKey) throws -> Int? {
      guard let text = reader.string(forKey: key) ?? reader.int(forKey: key).map(String.init) else { return nil }
      guard let count = ByteCount(argument: text) else {
        throw SettingsError(
          "The setting \(key.components.joined(separator: ".")) is \(text); it must be a size such as 4GiB.")
      }
      return count.bytes
    }
    func engine() throws -> EngineRequest {
      do {
        return EngineRequest(
          try reader.string(forKey: "engine").map(EngineWord.choice) ?? .automatic,
          instructionSet: try reader.string(forKey: "isa").map(EngineWord.instructionSet))
      } catch {
        throw SettingsError("The settings engine and isa, of workers: \(error)")
      }
    }
    func logFormat() throws -> FleetLogging.Format {
      guard let text = reader.string(forKey: "log.format") else { return .text }
      guard let format = FleetLogging.Format(rawValue: text) else {
        throw SettingsError("The setting log.format is \(text); it must be text or json.")
      }
      return format
    }
    return FleetSettings(
      broker: reader.string(forKey: "amqp.url", isSecret: true),
      database: reader.string(forKey: "database.url", isSecret: true), store: reader.string(forKey: "store.url"),
      brokerFiles: TLSFiles(
        authorities: reader.string(forKey: "amqp.cacertfile"), certificate: reader.string(forKey: "amqp.certfile"),
        key: reader.string(forKey: "amqp.keyfile")),
      cacheFolder: reader.string(forKey: "cache.folder") ?? userCache + "/models",
      threads: try whole("threads", default: ProcessInfo.processInfo.activeProcessorCount, in: 1...1024),
      slots: try whole("worker.slots", default: 1, in: 1...256),
      maxMemory: try size("max.memory"),
      engine: try engine(),
      weights: WeightsCacheSettings(
        folder: reader.string(forKey: "weights.cache"), limit: try size("weights.limit"), userCache: userCache),
      storeReserve: StoreReserve(bytes: try size("store.reserve") ?? 1 << 30),
      leaseSeconds: try whole("lease.seconds", default: 30, in: 1...3600),
      overdueSeconds: try whole("overdue.seconds", default: 900, in: 1...86400),
      canaryShare: try share("canary.share"),
      graceSeconds: try whole("grace.seconds", default: 120, in: 1...86400),
      httpListen: try reader.string(forKey: "http.listen").map(ListenAddress.init),
      serve: ServeSettings(
        listen: try ListenAddress(reader.string(forKey: "serve.listen") ?? ServeSettings.defaultListen),
        limits: APILimits(
          upload: try size("serve.upload.limit") ?? APILimits().upload,
          rate: try whole("serve.rate", default: APILimits().rate, in: 1...1_000_000),
          burst: try whole("serve.burst", default: APILimits().burst, in: 1...1_000_000))),
      scaleDrainSeconds: try whole("scale.drain.seconds", default: 600, in: 1...864_000),
      logFormat: try logFormat(),
      heartbeatSeconds: try whole("heartbeat.seconds", default: 15, in: 1...600),
      ackTimeoutSeconds: try whole("ack.timeout.seconds", default: 1800, in: 1...604_800),
      ingestFolder: reader.string(forKey: "ingest.folder").flatMap { $0.isEmpty ? nil : $0 },
      allowsPlainWebhooks: try truth("webhook.plain"))
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
  func brokerURL() throws -> String { try Self.needed(broker, "amqp.url", "TESSERA_AMQP_URL") }

  /// `database.url`, `TESSERA_DATABASE_URL`: `postgresql://user:password@host:port/database`. Holds a password.
  func databaseURL() throws -> String { try Self.needed(database, "database.url", "TESSERA_DATABASE_URL") }

  /// `store.url`, `TESSERA_STORE_URL`: `file:///folder`, the same folder for all processes of the fleet.
  func storeURL() throws -> String { try Self.needed(store, "store.url", "TESSERA_STORE_URL") }

  private static func needed(_ value: String?, _ key: String, _ variable: String) throws -> String {
    guard let value, !value.isEmpty else {
      throw SettingsError("The setting \(key) is missing; set \(variable), or put it into the configuration file.")
    }
    return value
  }
}

/// A setting that is missing or wrong: one sentence that says what to do.
struct SettingsError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
