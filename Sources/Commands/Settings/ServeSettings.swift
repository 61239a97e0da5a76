internal import HTTPAPI

/// What `tessera serve` is told.
struct ServeSettings: Hashable {
  /// `serve.listen`, `TESSERA_SERVE_LISTEN`: where the API is served; default `127.0.0.1:8080`.
  var listen: ListenAddress
  /// `serve.upload.limit`, `TESSERA_SERVE_UPLOAD_LIMIT`: bytes of a request that brings images; default 4 GiB. `serve.rate`,
  /// `TESSERA_SERVE_RATE`: requests a second of each token; default 100. `serve.burst`, `TESSERA_SERVE_BURST`: requests at once after a time
  /// without any; default 1000.
  var limits: APILimits

  static let defaultListen = "127.0.0.1:8080"
}
