internal import Volumes

/// Where everything stands on a mosaic, in pixels.
struct MosaicLayout {
  private static let gap = 6
  private static let width = 1200
  /// Panels at most; nnU-Net's own overlays show one slice, a radiologist's contact sheet about so many.
  private static let mostPanels = 24
  /// Of a panel's longer side.
  private static let largestPanel = 300
  /// Room around the segmentation: so many mm, or that share of its size, whichever is more.
  private static let surroundings = (millimetres: 12.0, share: 0.15)

  private let mosaic: Overlay
  private let summary: LabelSummary
  private let plane: Plane
  private let samplers: [PlaneSampler]
  private let columns: Int
  private let window: GreyWindow

  init(_ mosaic: Overlay, plane number: Int?) {
    self.mosaic = mosaic
    let summary = LabelSummary(mosaic.labels)
    self.summary = summary
    let planes = Plane.three(mosaic.orientation)
    let plane = planes[number ?? Self.bestPlane(planes, spacing: mosaic.spacing)]
    self.plane = plane
    window = GreyWindow(mosaic.window, for: mosaic.image.channel(0))
    let box = Self.region(summary, extent: mosaic.image.extent, spacing: mosaic.spacing, across: plane.axis)
    let slices = Self.slices(box.lower[plane.axis]..<box.upper[plane.axis])
    func size(_ side: Plane.Side) -> Double { Double(box.extent[side.axis]) * mosaic.spacing[side.axis] }
    let (across, down) = (size(plane.right), size(plane.down))
    // As many columns as make the panels' sheet about twice as wide as high.
    let ideal = (2 * Double(slices.count) * down / across).squareRoot().rounded()
    columns = min(slices.count, max(1, Int(min(12, max(1, ideal)))))
    let cell = Double(Self.width - (columns - 1) * Self.gap) / Double(columns)
    let scale = min(cell / across, Double(Self.largestPanel) / max(across, down))
    samplers = slices.map { slice in
      var centre = summary.centre
      centre[plane.axis] = slice
      return PlaneSampler(
        image: mosaic.image, labels: mosaic.labels, spacing: mosaic.spacing, plane: plane, centre: centre, box: box,
        scale: scale)
    }
  }

  /// The plane whose slices lie farthest apart: the one that the scanner made; axial where all are alike.
  private static func bestPlane(_ planes: [Plane], spacing: Spacing) -> Int {
    var best = 0
    for number in planes.indices where spacing[planes[number].axis] > 1.01 * spacing[planes[best].axis] {
      best = number
    }
    return best
  }

  /// The segmentation with some of what is around it; across the slices just the segmentation. The whole volume, if there is none.
  private static func region(_ summary: LabelSummary, extent: Extent, spacing: Spacing, across: Int) -> VoxelBox {
    guard var box = summary.box else { return VoxelBox(lower: Extent(z: 0, y: 0, x: 0), upper: extent) }
    for axis in 0..<3 where axis != across {
      let size = Double(box.upper[axis] - box.lower[axis]) * spacing[axis]
      let room = max(surroundings.millimetres, surroundings.share * size) / spacing[axis]
      let voxels = Int(min(room.rounded(.up), Double(extent[axis])))
      box.lower[axis] = max(0, box.lower[axis] - voxels)
      box.upper[axis] = min(extent[axis], box.upper[axis] + voxels)
    }
    return box
  }

  /// Evenly spaced, each in the middle of an equal share of the range.
  private static func slices(_ range: Range<Int>) -> [Int] {
    let count = min(range.count, mostPanels)
    return (0..<count).map { range.lowerBound + (2 * $0 + 1) * range.count / (2 * count) }
  }

  func paint() -> Canvas {
    let margin = PictureStyle.margin
    let (width, height) = (samplers[0].width, samplers[0].height)
    let rows = (samplers.count + columns - 1) / columns
    let sheet = columns * width + (columns - 1) * Self.gap
    let note =
      "\(plane.name), \(samplers.count) of \(mosaic.image.extent[plane.axis]) slices, "
      + PictureStyle.convention(mosaic.orientation)
    let legend = Legend(summary, names: mosaic.names, spacing: mosaic.spacing, room: max(sheet, Self.width))
    let texts = [mosaic.title, note].compactMap { $0 }
    let full = 2 * margin + max(sheet, legend.width, texts.map { BitmapFont.standard.width($0) }.max() ?? 0)
    let top = margin + texts.count * PictureStyle.line + 6
    let legendTop = top + rows * (height + Self.gap) + 14
    var canvas = Canvas(
      width: full, height: legendTop + legend.height + margin - 12, background: PictureStyle.background)
    for (index, text) in texts.enumerated() {
      canvas.write(
        text, x: margin, y: margin + index * PictureStyle.line,
        index == texts.count - 1 ? PictureStyle.quiet : PictureStyle.text)
    }
    let left = (full - sheet) / 2
    for (index, sampler) in samplers.enumerated() {
      let x = left + index % columns * (width + Self.gap)
      let y = top + index / columns * (height + Self.gap)
      PlanePainter(sampler: sampler, window: window).paint(on: &canvas, x: x, y: y)
      mark(sampler, x: x, y: y, isFirst: index == 0, on: &canvas)
    }
    legend.paint(x: left, y: legendTop, on: &canvas)
    return canvas
  }

  /// The slice's number, and on the first one the body's directions.
  private func mark(_ sampler: PlaneSampler, x: Int, y: Int, isFirst: Bool, on canvas: inout Canvas) {
    let (width, height) = (sampler.width, sampler.height)
    let number = "\(sampler.centre[plane.axis] + 1)"
    guard BitmapFont.standard.width(number) + 8 < width, BitmapFont.ascent + 8 < height else { return }
    PictureStyle.write(number, x: x + 5, y: y + height - BitmapFont.ascent - 5, on: &canvas)
    guard isFirst, min(width, height) > 4 * BitmapFont.height else { return }
    if let ends = plane.right.ends {
      let middle = y + height / 2 - BitmapFont.ascent / 2
      PictureStyle.write(ends.0.rawValue, x: x + 5, y: middle, on: &canvas)
      PictureStyle.write(ends.1.rawValue, x: x + width - 15, y: middle, on: &canvas)
    }
    if let ends = plane.down.ends {
      PictureStyle.write(ends.0.rawValue, x: x + width / 2 - 5, y: y + 5, on: &canvas)
      PictureStyle.write(ends.1.rawValue, x: x + width / 2 - 5, y: y + height - BitmapFont.ascent - 5, on: &canvas)
    }
  }
}
