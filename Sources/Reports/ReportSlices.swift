internal import Foundation
internal import Pictures

/// The slices that go into a report: as many and as fine as its size allows.
struct ReportSlices: Encodable {
  struct View: Encodable {
    var id: String
    var name: String
    var count: Int
    var spacing: Double
    var width: Double
    var height: Double
    var directions: [String]
    var centre: Int
    /// The slices that are there.
    var indices: [Int]
    /// PNG in base64, one for each of `indices`; empty where no label is.
    var image: [String]
    var labels: [String]

    /// Of all pictures, in base64.
    var bytes: Int { image.reduce(0) { $0 + $1.utf8.count } + labels.reduce(0) { $0 + $1.utf8.count } }
  }

  var views: [View]

  /// How many slices of a plane, and how many pixels their longer sides have.
  private struct Choice {
    var slices: Int
    var grey: Int
    var labels: Int

    /// What the pictures' size grows with.
    var area: Int { slices * grey * grey }
  }

  /// From the best to the smallest.
  private static let choices = [
    Choice(slices: 64, grey: 320, labels: 480), Choice(slices: 48, grey: 288, labels: 432),
    Choice(slices: 40, grey: 256, labels: 384), Choice(slices: 32, grey: 224, labels: 336),
    Choice(slices: 24, grey: 192, labels: 288), Choice(slices: 16, grey: 160, labels: 240),
    Choice(slices: 8, grey: 128, labels: 192),
  ]
  /// Slices beside the segmented ones, as a share of those.
  private static let surroundings = 0.06

  /// - Parameter limit: bytes that all pictures together may take, in base64. The smallest choice is taken even if it passes that.
  init(_ slices: Slices, window: IntensityWindow, limit: Int) throws {
    var choices = Self.choices[...]
    while true {
      let choice = choices.removeFirst()
      let views = try slices.views.indices.map { number in
        try Self.view(slices, number, choice.slices, grey: choice.grey, labels: choice.labels, window: window)
      }
      let bytes = views.reduce(0) { $0 + $1.bytes }
      if bytes <= limit || choices.isEmpty {
        self.views = views
        return
      }
      // What is surely too large needn't be tried.
      while choices.count > 1, let next = choices.first, bytes * next.area / choice.area > limit * 5 / 4 {
        choices.removeFirst()
      }
    }
  }

  private static func view(
    _ slices: Slices, _ number: Int, _ most: Int, grey: Int, labels: Int, window: IntensityWindow
  ) throws -> View {
    let view = slices.views[number]
    let room = Int((Double(view.labelled.count) * surroundings).rounded(.up))
    let range = max(0, view.labelled.lowerBound - room)...min(view.count - 1, view.labelled.upperBound + room)
    // Through the centre and evenly away from it, so that its slice is always there.
    let step = max(1, (range.count + most - 1) / most)
    let indices = range.filter { ($0 - view.centre) % step == 0 }
    return View(
      id: view.id, name: view.name, count: view.count, spacing: view.spacing, width: view.width, height: view.height,
      directions: view.directions.map(\.rawValue), centre: view.centre, indices: indices,
      image: try indices.map { base64(try slices.image(view: number, index: $0, longestSide: grey, window: window)) },
      labels: try indices.map {
        view.labelled.contains($0) && !slices.voxels.isEmpty
          ? base64(try slices.labels(view: number, index: $0, longestSide: labels)) : ""
      })
  }

  private static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}
