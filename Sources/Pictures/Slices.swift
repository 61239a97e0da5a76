public import Volumes

/// A segmented volume as slices that a page can show: grey pictures, and layers of labels to lie over them.
///
/// Pixels are square in mm, however the voxels are shaped. Making one reads all labels once; each slice reads its own voxels only.
public struct Slices: Sendable {
  /// One of the three planes.
  public struct View: Hashable, Sendable {
    /// `axial`, `coronal`, `sagittal`; `z`, `y`, `x` where the orientation isn't known.
    public let id: String
    /// For people.
    public let name: String
    /// How many slices there are; they are numbered from 0 in the array's order.
    public let count: Int
    /// mm between two slices.
    public let spacing: Double
    /// mm that are shown, to the right and down.
    public let width: Double
    public let height: Double
    /// The body's directions: left, right, top, bottom of the picture; empty where they aren't known.
    public let directions: [AnatomicalDirection]
    /// The slice through the segmentation's centre of mass.
    public let centre: Int
    /// The slices that have labels; those of the whole volume if none has.
    public let labelled: ClosedRange<Int>
  }

  /// Axial, coronal, sagittal.
  public let views: [View]
  /// Voxels of each label that occurs, without background.
  public let voxels: [Int: Int]
  /// mm.
  public let spacing: Spacing
  /// Whether the body's directions are known.
  public var isOriented: Bool { orientation != nil }

  private let orientation: Orientation?
  private let image: ChannelVolume
  private let labels: LabelVolume
  private let planes: [Plane]
  private let centre: Extent
  private let automatic: GreyWindow

  /// How opaque a label is inside; its outline is quite opaque.
  private static let tint: UInt8 = 115
  /// A layer of labels is so much finer than the voxels, for smooth and thin outlines.
  private static let labelOversampling = 3.0

  /// - Throws: `PictureError` unless image and labels have one extent, with at least one voxel, and the spacing is possible.
  public init(
    image: ChannelVolume, labels: LabelVolume, spacing: Spacing, orientation: Orientation? = nil
  ) throws {
    // The same conditions hold for an overlay.
    _ = try Overlay(image: image, labels: labels, spacing: spacing)
    self.image = image
    self.labels = labels
    self.spacing = spacing
    self.orientation = orientation
    planes = Plane.three(orientation)
    let summary = LabelSummary(labels)
    centre = summary.centre
    voxels = Dictionary(uniqueKeysWithValues: summary.present.map { ($0, summary.voxels[$0]) })
    automatic = GreyWindow(image.channel(0))
    views = planes.map { plane in
      let extent = image.extent
      func size(_ side: Plane.Side) -> Double { Double(extent[side.axis]) * spacing[side.axis] }
      let box = summary.box ?? VoxelBox(lower: Extent(z: 0, y: 0, x: 0), upper: extent)
      return View(
        id: orientation == nil ? ["z", "y", "x"][plane.axis] : plane.name.lowercased(), name: plane.name,
        count: extent[plane.axis], spacing: spacing[plane.axis], width: size(plane.right), height: size(plane.down),
        directions: [plane.right.ends, plane.down.ends].compactMap { $0 }.flatMap { [$0.0, $0.1] },
        centre: summary.centre[plane.axis], labelled: box.lower[plane.axis]...box.upper[plane.axis] - 1)
    }
  }

  /// The automatic window's black and white, in the image's units.
  public var levels: (black: Float, white: Float) { (automatic.black, automatic.white) }

  /// A slice in grey, as PNG: a pixel is as large as the plane's smaller spacing.
  /// - Parameter longestSide: pixels of the longer side at most.
  /// - Throws: `PictureError` for a slice that isn't there, or if encoding fails.
  public func image(
    view: Int, index: Int, longestSide: Int, window: IntensityWindow = .automatic
  ) throws -> [UInt8] {
    try check(view, index)
    let sampler = sampler(view: view, index: index, longestSide: longestSide)
    let levels = window == .automatic ? automatic : GreyWindow(window, for: image.channel(0))
    let greys = sampler.greys(levels).map { UInt8(($0 * 255).rounded()) }
    return try PNGEncoder.encode(greys: greys, width: sampler.width, height: sampler.height)
  }

  /// A slice's labels as PNG: transparent where there are none, tinted inside, opaque on outlines. It is finer than the grey that it lies
  /// over, and is shown at the same size.
  /// - Parameters:
  ///   - longestSide: pixels of the longer side at most.
  ///   - shown: the labels to show; all when `nil`.
  /// - Throws: `PictureError` for a slice that isn't there, or if encoding fails.
  public func labels(view: Int, index: Int, longestSide: Int, shown: Set<Int>? = nil) throws -> [UInt8] {
    try check(view, index)
    let sampler = sampler(
      view: view, index: index, longestSide: longestSide, oversampling: Self.labelOversampling)
    let outline = LabelOutline(map: sampler.labelMap(), width: sampler.width, height: sampler.height)
    var present = [Bool](repeating: false, count: 256)
    for label in outline.map { present[Int(label)] = true }
    let listed = (1..<256).filter { present[$0] && shown?.contains($0) != false }
    // Two places a label; where that is more than a palette has, the last labels have no outline of their own.
    var palette: [(colour: Colour, opacity: UInt8)] = [(Colour(0), 0)]
    var places = [(inside: UInt8, outline: UInt8)](repeating: (0, 0), count: 256)
    for (number, label) in listed.enumerated() {
      let colour = LabelPalette.colour(label)
      let inside = UInt8(palette.count)
      palette.append((colour, Self.tint))
      places[label] = (inside, inside)
      guard palette.count + (listed.count - number - 1) < 256 else { continue }
      places[label].outline = UInt8(palette.count)
      palette.append((colour, 255))
    }
    var pixels = [UInt8](repeating: 0, count: outline.map.count)
    for y in 0..<sampler.height {
      for x in 0..<sampler.width {
        let index = y * sampler.width + x
        let place = places[Int(outline.map[index])]
        guard place.inside != 0 else { continue }
        pixels[index] = outline.contains(x, y) ? place.outline : place.inside
      }
    }
    return try PNGEncoder.encode(places: pixels, width: sampler.width, height: sampler.height, palette: palette)
  }

  /// The same volume as an overlay picture.
  /// - Throws: `PictureError`.
  public func overlay(
    names: [Int: String] = [:], title: String? = nil, window: IntensityWindow = .automatic
  ) throws -> Overlay {
    try Overlay(
      image: image, labels: labels, spacing: spacing, orientation: orientation, names: names, title: title,
      window: window)
  }

  /// A label's colour, such as `#e69f00`.
  public static func colour(of label: Int) -> String {
    "#" + LabelPalette.colour(label).bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private func check(_ view: Int, _ index: Int) throws {
    guard views.indices.contains(view), (0..<views[view].count).contains(index) else {
      throw PictureError("there is no slice \(index) of plane \(view); slices are counted from 0")
    }
  }

  private func sampler(view: Int, index: Int, longestSide: Int, oversampling: Double = 1) -> PlaneSampler {
    let plane = planes[view]
    let finest = min(spacing[plane.right.axis], spacing[plane.down.axis])
    let longest = max(views[view].width, views[view].height)
    var centre = centre
    centre[plane.axis] = index
    return PlaneSampler(
      image: image, labels: labels, spacing: spacing, plane: plane, centre: centre,
      scale: min(oversampling / finest, Double(max(1, longestSide)) / longest))
  }
}
