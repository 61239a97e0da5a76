internal import Digests
internal import Foundation
public import Pictures
internal import SliceViewer

/// A report of one run as one HTML file: slices of three planes with sliders, volumes, timings, provenance.
///
/// The file needs nothing but a browser: style, script and pictures are inside, and its Content-Security-Policy forbids everything else.
public struct HTMLReport: Sendable {
  public let facts: ReportFacts
  public let slices: Slices
  /// Which intensities are black and which white.
  public let window: IntensityWindow

  /// Bytes of the pictures, in base64, unless the caller says otherwise.
  public static let defaultLimit = 3 << 20

  public init(facts: ReportFacts, slices: Slices, window: IntensityWindow = .automatic) {
    self.facts = facts
    self.slices = slices
    self.window = window
  }

  /// The file's bytes; the same input gives the same bytes.
  ///
  /// - Parameter limit: bytes that the pictures may take; fewer and coarser slices keep it.
  /// - Throws: `PictureError` if a picture can't be made.
  public func html(limit: Int = defaultLimit) throws -> [UInt8] {
    let pictures = try ReportSlices(slices, window: window, limit: limit)
    let style =
      Self.text(SliceViewerFiles.theme) + Self.text(SliceViewerFiles.style) + Self.text(PackageResources.report_css)
    let script = Self.text(SliceViewerFiles.script) + Self.text(PackageResources.report_js)
    let policy =
      "default-src 'none'; img-src data:; style-src '\(Self.hash(style))'; script-src '\(Self.hash(script))'; base-uri 'none'; form-action 'none'"
    let page = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="\(policy)">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="robots" content="noindex">
      <title>Segmentation by \(facts.title.escapedForHTML)</title>
      <style>\(style)</style>
      </head>
      <body>
      <header>
      <div>
      <p class="kind">Segmentation report</p>
      <h1>\(facts.title.escapedForHTML)</h1>
      </div>
      <p class="quiet">\(facts.date.escapedForHTML)</p>
      </header>
      <main>
      <section class="card" aria-labelledby="slices">
      <h2 id="slices">Slices</h2>
      <div id="viewer"><noscript>\(Self.still(pictures))</noscript></div>
      </section>
      <div class="pair">
      <section class="card" aria-labelledby="volumes">
      <h2 id="volumes">Volumes</h2>
      \(volumes)
      </section>
      <section class="card" aria-labelledby="timings">
      <h2 id="timings">Timings</h2>
      \(timings)
      </section>
      </div>
      <section class="card" aria-labelledby="provenance">
      <h2 id="provenance">Provenance</h2>
      \(provenance)
      </section>
      </main>
      <footer><p>Made by Tessera, research software and not a medical device. This file holds slices of the image: treat it as you treat the image.</p></footer>
      <script type="application/json" id="pictures">\(try Self.json(pictures))</script>
      <script type="application/json" id="facts">\(try Self.json(viewerFacts))</script>
      <script type="module">\(script)</script>
      </body>
      </html>

      """
    return Array(page.utf8)
  }

  private var volumes: String {
    let total = facts.labels.reduce(0) { $0 + $1.volume }
    let rows = facts.labels.map { label in
      let share = total > 0 ? label.volume / total * 100 : 0
      return """
        <tr><th scope="row">\(Self.swatch(label.label))\(label.name.escapedForHTML)</th>\
        <td class="number">\(Self.millilitres(label.volume))</td><td class="number wide">\(Self.grouped(label.voxels))</td>\
        <td class="bars">\(Self.bar(share))</td></tr>
        """
    }
    let sum =
      facts.labels.count > 1
      ? """
      <tfoot><tr><th scope="row">All labels</th><td class="number">\(Self.millilitres(total))</td>\
      <td class="number wide">\(Self.grouped(facts.labels.reduce(0) { $0 + $1.voxels }))</td><td class="bars"></td></tr></tfoot>
      """ : ""
    return """
      <table><thead><tr><th scope="col">Label</th><th scope="col" class="number">Volume, mL</th>\
      <th scope="col" class="number wide">Voxels</th><th scope="col" class="bars"><span class="visually-hidden">Share</span></th></tr></thead>
      <tbody>\(rows.joined(separator: "\n"))</tbody>\(sum)</table>
      """
  }

  private var timings: String {
    let longest = facts.timings.map(\.seconds).max() ?? 0
    let rows = facts.timings.map { timing in
      """
      <tr><th scope="row">\(timing.step.escapedForHTML)</th><td class="number">\(Self.seconds(timing.seconds))</td>\
      <td class="bars">\(Self.bar(longest > 0 ? timing.seconds / longest * 100 : 0))</td></tr>
      """
    }
    return """
      <table><thead><tr><th scope="col">Step</th><th scope="col" class="number">Seconds</th>\
      <th scope="col" class="bars"><span class="visually-hidden">Share</span></th></tr></thead>
      <tbody>\(rows.joined(separator: "\n"))</tbody>
      <tfoot><tr><th scope="row">Together</th><td class="number">\(Self.seconds(facts.timings.reduce(0) { $0 + $1.seconds }))</td>\
      <td class="bars"></td></tr></tfoot></table>
      """
  }

  private var provenance: String {
    let items = facts.provenance.map { fact in
      "<div><dt>\(fact.name.escapedForHTML)</dt><dd\(fact.isDigest ? " class=\"digest\"" : "")>\(fact.value.escapedForHTML)</dd></div>"
    }
    return "<dl>\(items.joined(separator: "\n"))</dl>"
  }

  private struct ViewerFacts: Encodable {
    struct Label: Encodable {
      var label: Int
      var name: String
      var colour: String
    }
    var labels: [Label]
    var oriented: Bool
  }

  private var viewerFacts: ViewerFacts {
    let names = Dictionary(facts.labels.map { ($0.label, $0.name) }, uniquingKeysWith: { first, _ in first })
    return ViewerFacts(
      labels: slices.voxels.keys.sorted().map {
        .init(label: $0, name: names[$0] ?? "Label \($0)", colour: Slices.colour(of: $0))
      }, oriented: slices.isOriented)
  }

  /// The middle slices, for browsers that run no script.
  private static func still(_ pictures: ReportSlices) -> String {
    let figures = pictures.views.compactMap { view -> String? in
      guard let place = view.indices.firstIndex(of: view.centre) else { return nil }
      let layers = [view.image[place], view.labels[place]].filter { !$0.isEmpty }.map {
        "<img alt=\"\" width=\"\(Int(view.width.rounded(.up)))\" height=\"\(Int(view.height.rounded(.up)))\" src=\"data:image/png;base64,\($0)\">"
      }
      return
        "<figure class=\"plane\"><figcaption>\(view.name) \(view.centre + 1) of \(view.count)</figcaption><div class=\"stage\">\(layers.joined())</div></figure>"
    }
    return "<div class=\"viewer-planes\">\(figures.joined())</div>"
  }

  private static func swatch(_ label: Int) -> String {
    "<svg class=\"swatch\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect x=\"0.5\" y=\"0.5\" width=\"11\" height=\"11\" rx=\"2\" fill=\"\(Slices.colour(of: label))\"/></svg>"
  }

  private static func bar(_ percent: Double) -> String {
    let width = decimal(min(max(percent, percent > 0 ? 0.5 : 0), 100), digits: 1)
    return "<svg class=\"bar\" aria-hidden=\"true\"><rect width=\"\(width)%\" height=\"8\" rx=\"2\"/></svg>"
  }

  static func millilitres(_ value: Double) -> String {
    decimal(value, digits: value >= 100 ? 1 : value >= 1 ? 2 : 3)
  }

  static func seconds(_ value: Double) -> String { decimal(value, digits: value >= 100 ? 0 : value >= 1 ? 1 : 3) }

  /// Not after the machine's language.
  private static func decimal(_ value: Double, digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// 1 234 567, with narrow spaces.
  static func grouped(_ value: Int) -> String {
    var digits = Array(String(value))
    for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert("\u{202F}", at: place) }
    return String(digits)
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// A source of a Content-Security-Policy.
  private static func hash(_ text: String) -> String {
    let digits = Array(Digest(of: Array(text.utf8)).hexadecimal)
    let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0 }
    return "sha256-" + Data(bytes).base64EncodedString()
  }

  /// JSON that can't end the element that holds it.
  private static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self).replacingOccurrences(of: "<", with: "\\u003c")
  }
}
