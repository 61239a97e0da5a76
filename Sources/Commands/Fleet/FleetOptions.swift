internal import ArgumentParser

/// Where the fleet's servers are; each may also come from the environment or a configuration file.
struct FleetOptions: ParsableArguments {
  @Option(name: .customLong("amqp"), help: ArgumentHelp("RabbitMQ (TESSERA_AMQP_URL).", valueName: "url"))
  var brokerURL: String?

  @Option(name: .customLong("database"), help: ArgumentHelp("PostgreSQL (TESSERA_DATABASE_URL).", valueName: "url"))
  var databaseURL: String?

  @Option(
    name: .customLong("store"),
    help: ArgumentHelp("Blob store, file:///folder, the same for all processes (TESSERA_STORE_URL).", valueName: "url"))
  var storeURL: String?

  @Option(
    name: .customLong("config"), help: ArgumentHelp("A JSON file with settings (TESSERA_CONFIG).", valueName: "file"),
    completion: .file(extensions: ["json5", "json"]))
  var configuration: String?

  /// The flags as settings.
  var flags: [String: String?] {
    ["amqp.url": brokerURL, "database.url": databaseURL, "store.url": storeURL]
  }
}

/// What each role can be told: its threads, its memory, where it shows its state.
struct ComputeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Compute threads of a slot (TESSERA_THREADS).", valueName: "n"))
  var threads: Int?

  @Option(
    name: .customLong("max-memory"),
    help: ArgumentHelp("Memory that the process may use, such as 4GiB (TESSERA_MAX_MEMORY).", valueName: "size"))
  var maxMemory: String?

  @Option(
    name: .customLong("http-listen"),
    help: ArgumentHelp(
      "Where health and metrics are served, such as 127.0.0.1:9090 (TESSERA_HTTP_LISTEN). Default: nowhere.",
      valueName: "host:port"))
  var httpListen: String?

  var flags: [String: String?] {
    ["threads": threads.map(String.init), "max.memory": maxMemory, "http.listen": httpListen]
  }
}
