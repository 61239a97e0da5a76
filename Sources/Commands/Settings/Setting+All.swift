internal import HTTPAPI
internal import UNet

/// Settings that belong together.
struct SettingGroup: Sendable {
  let title: String
  let settings: [Setting]
}

extension Setting {
  static let brokerURL = Setting(
    "amqp.url", .text(nil),
    "RabbitMQ: amqps://user:password@host:port/vhost?cacertfile=ca.crt, or amqp:// without TLS.", otherwise: "none",
    isSecret: true)
  static let brokerAuthorities = Setting(
    "amqp.cacertfile", .text(nil),
    "Authorities (PEM) that may have signed the broker's certificate, where the URL doesn't name them.",
    otherwise: "the system's")
  static let brokerCertificate = Setting(
    "amqp.certfile", .text(nil), "This client's certificate (PEM, with its chain), where the broker asks for one.",
    otherwise: "none")
  static let brokerKey = Setting("amqp.keyfile", .text(nil), "The key of that certificate (PEM).", otherwise: "none")
  static let heartbeatSeconds = Setting(
    "heartbeat.seconds", .whole(15, in: 1...600),
    "Seconds between heartbeats of the connection to the broker; two that are missing end it.")
  static let ackTimeoutSeconds = Setting(
    "ack.timeout.seconds", .whole(1800, in: 1...604_800),
    "Seconds that the broker waits for the acknowledgement of a job (its consumer_timeout).")
  static let databaseURL = Setting(
    "database.url", .text(nil),
    "PostgreSQL: postgresql://user:password@host:port/database?sslmode=verify-full&sslrootcert=ca.crt.",
    otherwise: "none", isSecret: true)
  static let storeURL = Setting(
    "store.url", .text(nil), "Blob store, the same folder for all processes of the fleet: file:///folder.",
    otherwise: "none")
  static let storeReserve = Setting(
    "store.reserve", .size("1GiB"), "With less than this free in the blob store no new study is begun.")

  static let threads = Setting(
    "threads", .whole(nil, in: 1...1024), "Compute threads of a slot, of a preparation and of a stitch.",
    otherwise: "all processors")
  static let workerSlots = Setting("worker.slots", .whole(1, in: 1...256), "Tiles that a worker computes at once.")
  static let maxMemory = Setting(
    "max.memory", .size(nil), "Memory that a process may have in use; what can't fit is refused before it begins.",
    otherwise: "no limit")
  static let engine = Setting(
    "engine", .word(EngineChoice.automatic.rawValue, of: EngineChoice.allCases.map(\.rawValue)),
    "What a worker computes networks with; automatic takes the fastest that can and fits.")
  static let isa = Setting(
    "isa", .text(nil), "Instruction set of winograd: \(EngineWord.sets). Hold all workers to one for one set of bits.",
    otherwise: "the best that the processor has")
  static let cacheFolder = Setting(
    "cache.folder", .text(nil), "Folder of this machine where a process keeps fetched models.",
    otherwise: "~/.cache/tessera/models")
  static let weightsCache = Setting(
    "weights.cache", .text(nil), "Folder of this machine where transformed weights are kept, or none.",
    otherwise: "~/.cache/tessera/weights")
  static let weightsLimit = Setting(
    "weights.limit", .size("10GiB"), "What that folder may take; what was used longest ago goes first.")

  static let leaseSeconds = Setting(
    "lease.seconds", .whole(30, in: 1...3600), "Seconds that a claim on a run lasts without being renewed.")
  static let trainingLeaseSeconds = Setting(
    "training.lease.seconds", .whole(60, in: 1...86400),
    "Seconds of a trainer's silence after which its fold goes to another.")
  static let overdueSeconds = Setting(
    "overdue.seconds", .whole(900, in: 1...86400), "Seconds without a result after which a tile is dispatched again.")
  static let canaryShare = Setting(
    "canary.share", .share(0), "The share of tiles that are taken only when two workers agree in them.")
  static let graceSeconds = Setting(
    "grace.seconds", .whole(120, in: 1...86400), "Seconds that a stopping process may take to finish its work.")

  static let httpListen = Setting(
    "http.listen", .text(nil), "Where a process serves health and metrics, such as 127.0.0.1:9090.",
    otherwise: "nowhere")
  static let scaleDrainSeconds = Setting(
    "scale.drain.seconds", .whole(600, in: 1...864_000), "Seconds in which /v1/scale wants all work done.")
  static let logFormat = Setting(
    "log.format",
    .word(FleetLogging.Format.text.rawValue, of: FleetLogging.Format.allCases.map(\.rawValue)),
    "How a process logs on standard error: for people, or one JSON object a line for collectors.")

  static let serveListen = Setting(
    "serve.listen", .text(ServeSettings.defaultListen), "Where tessera serve answers; put TLS before it.")
  static let serveUploadLimit = Setting(
    "serve.upload.limit", .size("\(APILimits().upload >> 30)GiB"), "Size of a request that brings images.")
  static let serveRate = Setting(
    "serve.rate", .whole(APILimits().rate, in: 1...1_000_000), "Requests a second of each token.")
  static let serveBurst = Setting(
    "serve.burst", .whole(APILimits().burst, in: 1...1_000_000), "Requests at once, after a time without any.")
  static let ingestFolder = Setting(
    "ingest.folder", .text(nil), "Where files may lie that submissions by RabbitMQ name.",
    otherwise: "they may name none")
  static let webhookPlain = Setting(
    "webhook.plain", .truth(false), "Whether events may be posted unencrypted to other machines.")

  static let groups = [
    SettingGroup(
      title: "Servers",
      settings: [
        brokerURL, brokerAuthorities, brokerCertificate, brokerKey, heartbeatSeconds, ackTimeoutSeconds, databaseURL,
        storeURL, storeReserve,
      ]),
    SettingGroup(
      title: "Computing",
      settings: [threads, workerSlots, maxMemory, engine, isa, cacheFolder, weightsCache, weightsLimit]),
    SettingGroup(
      title: "Work", settings: [leaseSeconds, trainingLeaseSeconds, overdueSeconds, canaryShare, graceSeconds]),
    SettingGroup(title: "Watching", settings: [httpListen, scaleDrainSeconds, logFormat]),
    SettingGroup(
      title: "Other systems",
      settings: [serveListen, serveUploadLimit, serveRate, serveBurst, ingestFolder, webhookPlain]),
  ]

  static let all = groups.flatMap(\.settings)
}
