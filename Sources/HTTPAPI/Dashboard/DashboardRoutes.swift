internal import Dashboard
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// The dashboard's files, at the root. They hold no data, so they need no token: what the page shows comes from the API, with the
/// reader's token.
enum DashboardRoutes {
  static func add(to router: Router<APIContext>) {
    for file in DashboardFile.all {
      let body = ByteBuffer(bytes: file.bytes)
      for path in file.name == "index.html" ? ["/", "/index.html"] : ["/\(file.name)"] {
        router.get(RouterPath(path)) { request, _ in answer(file, body, request) }
      }
    }
  }

  private static func answer(_ file: DashboardFile, _ body: ByteBuffer, _ request: Request) -> Response {
    var headers: HTTPFields = [.contentType: file.type, .eTag: file.tag, .cacheControl: "no-cache"]
    headers[.contentSecurityPolicy] = DashboardFile.policy
    headers[.xContentTypeOptions] = "nosniff"
    for (name, value) in [("Referrer-Policy", "no-referrer"), ("Cross-Origin-Resource-Policy", "same-origin")] {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    if request.headers[.ifNoneMatch] == file.tag { return Response(status: .notModified, headers: headers) }
    return Response(status: .ok, headers: headers, body: .init(byteBuffer: body))
  }
}
