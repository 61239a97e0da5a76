internal import ArgumentParser

/// `tessera serve`
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serves the fleet's HTTP API; runs until SIGTERM.",
    discussion: """
      Needs database and store, not the broker. Any number may run. What the API can do, it tells at /v1/openapi.json; the page HTTPAPI of the
      documentation has a client of thirty lines. It speaks HTTP without TLS: for others than this machine, put a proxy before it.

        tessera token create gateway --scope submit --scope read
        tessera serve --listen 127.0.0.1:8080
        curl -H "Authorization: Bearer $TOKEN" -F image=@brain.nii.gz -F model=brain http://127.0.0.1:8080/v1/runs
      """)

  @Option(
    help: ArgumentHelp(
      "Where the API is served (TESSERA_SERVE_LISTEN). Default: 127.0.0.1:8080.", valueName: "host:port"))
  var listen: String?

  @Flag(help: "Serve whoever comes, without a token; only on a loopback address, for trying out.")
  var open = false

  @Option(
    help: ArgumentHelp(
      "Bytes of a request that brings images, such as 4GiB (TESSERA_SERVE_UPLOAD_LIMIT).", valueName: "size"))
  var uploadLimit: String?

  @Option(
    help: ArgumentHelp("Requests a second that each token may make (TESSERA_SERVE_RATE). Default: 100.", valueName: "n")
  )
  var rate: Int?

  @Option(
    name: .customLong("http-listen"),
    help: ArgumentHelp(
      "Where health and metrics are served, such as 127.0.0.1:9090 (TESSERA_HTTP_LISTEN). Default: nowhere.",
      valueName: "host:port"))
  var httpListen: String?

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  func run() async throws {
    try await Failures.reported {
      let flags = fleet.flags.merging([
        "serve.listen": listen, "serve.upload.limit": uploadLimit, "serve.rate": rate.map(String.init),
        "http.listen": httpListen,
      ]) { $1 }
      let settings = try await FleetSettings.read(flags: flags, file: fleet.configuration)
      try await ServeProcess(
        settings: settings, isOpen: open, logger: FleetLogging.role("serve", format: settings.logFormat)
      ).run()
    }
  }
}
