import Foundation
import Pictures
import Testing
import Volumes

@testable import Reports

@Suite("HTML reports")
struct HTMLReportTests {
  /// A ball of label 1 in noise that doesn't compress.
  private func slices(_ extent: Extent, spacing: Spacing = Spacing(z: 1, y: 1, x: 1)) throws -> Slices {
    let image = ChannelVolume(channels: 1, extent: extent)
    let labels = LabelVolume(extent: extent)
    var noise: UInt32 = 1
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        for x in 0..<extent.x {
          noise = noise &* 1_664_525 &+ 1_013_904_223
          image[0, z, y, x] = Float(noise >> 8)
          let distance = zip([z, y, x], extent.lengths).reduce(0.0) {
            let place = 2 * Double($1.0) / Double($1.1) - 1
            return $0 + place * place
          }
          labels[z, y, x] = distance < 0.5 ? 1 : 0
        }
      }
    }
    return try Slices(
      image: image, labels: labels, spacing: spacing,
      orientation: Orientation(itkDirection: [1, 0, 0, 0, 1, 0, 0, 0, 1]))
  }

  private func facts(_ name: String = "Grey matter") -> ReportFacts {
    ReportFacts(
      title: "tissue", date: "2031-02-03 04:05 UTC",
      labels: [
        .init(label: 1, name: name, voxels: 1_234_567, volume: 1234.567),
        .init(label: 2, name: "b", voxels: 0, volume: 0),
      ],
      timings: [.init(step: "read", seconds: 0.25), .init(step: "predict", seconds: 12.5)],
      provenance: [.init("SHA-256 of the image", String(repeating: "ab", count: 32), isDigest: true)])
  }

  @Test func aReportNeedsNothingFromElsewhereAndIsTheSameEveryTime() throws {
    let report = HTMLReport(facts: facts(), slices: try slices(Extent(z: 12, y: 20, x: 16)))
    let page = try report.html()
    #expect(try report.html() == page)
    let text = String(decoding: page, as: UTF8.self)
    // The name space of SVG is a name, not an address.
    let addresses = text.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
    #expect(!addresses.contains("http:") && !addresses.contains("https:") && !addresses.contains("//cdn"))
    #expect(!text.contains("<link") && !text.contains("src=\"/"))
    #expect(text.contains("default-src 'none'"))
    for shown in ["Grey matter", "1234.6", "1\u{202F}234\u{202F}567", "12.5", "abababab", "2031-02-03"] {
      #expect(text.contains(shown), "\(shown) is missing")
    }
  }

  @Test func namesNeverBecomeMarkup() throws {
    let name = "<script>alert(1)</script>\"'&"
    let report = HTMLReport(facts: facts(name), slices: try slices(Extent(z: 6, y: 6, x: 6)))
    let text = String(decoding: try report.html(), as: UTF8.self)
    #expect(!text.contains("<script>alert"))
    #expect(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"))
    #expect(text.contains("\\u003cscript>alert(1)"), "in JSON, which the viewer reads")
  }

  @Test func picturesKeepTheirLimitAndTheSliceOfTheCentre() throws {
    let slices = try slices(Extent(z: 40, y: 56, x: 48))
    for limit in [1 << 17, 1 << 18] {
      let pictures = try ReportSlices(slices, window: .automatic, limit: limit)
      let bytes = pictures.views.reduce(0) { $0 + $1.bytes }
      #expect(bytes <= limit && bytes > limit / 8, "\(bytes) of \(limit)")
      for view in pictures.views {
        #expect(view.indices.contains(view.centre))
        #expect(view.indices.count == view.image.count && view.indices.count == view.labels.count)
        #expect(Set(zip(view.indices, view.indices.dropFirst()).map { $1 - $0 }).count == 1, "evenly spaced")
      }
    }
  }
}
