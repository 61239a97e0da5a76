internal import Digests
internal import SliceViewer

/// A file of the dashboard: a page for browsers that shows the fleet and talks to its HTTP API. Nothing is built and nothing comes from
/// another host; the files are part of the program.
public struct DashboardFile: Sendable {
  /// Such as `app.js`; the page itself is `index.html`.
  public let name: String
  /// The media type.
  public let type: String
  public let bytes: [UInt8]
  /// Changes with the bytes.
  public let tag: String

  private init(_ name: String, _ type: String, _ bytes: [UInt8]) {
    self.name = name
    self.type = type
    self.bytes = bytes
    tag = "\"\(Digest(of: bytes).hexadecimal.prefix(32))\""
  }

  /// What a browser may do with the files: run these scripts, talk to this server, and nothing else.
  public static let policy = [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob:", "connect-src 'self'",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
  ].joined(separator: "; ")

  public static let all: [DashboardFile] =
    [DashboardFile("index.html", "text/html; charset=utf-8", PackageResources.index_html)]
    + [
      ("app", PackageResources.app_js), ("api", PackageResources.api_js), ("chart", PackageResources.chart_js),
      ("curves", PackageResources.curves_js),
      ("fleet", PackageResources.fleet_js), ("format", PackageResources.format_js),
      ("letters", PackageResources.letters_js), ("parts", PackageResources.parts_js), ("run", PackageResources.run_js),
      ("runs", PackageResources.runs_js), ("submit", PackageResources.submit_js),
      ("training", PackageResources.training_js), ("trainings", PackageResources.trainings_js),
      ("viewer", SliceViewerFiles.script),
    ].map { DashboardFile("\($0).js", "text/javascript; charset=utf-8", $1) }
    + [
      ("dashboard", PackageResources.dashboard_css), ("theme", SliceViewerFiles.theme),
      ("viewer", SliceViewerFiles.style),
    ].map { DashboardFile("\($0).css", "text/css; charset=utf-8", $1) }
    + [DashboardFile("icon.svg", "image/svg+xml", PackageResources.icon_svg)]
}
