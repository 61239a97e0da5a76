internal import Volumes

/// Where everything stands on an overlay picture, in pixels.
struct OverlayLayout {
  private static let gap = 20
  /// Room for the planes: all of it side by side, and one of it upwards.
  private static let planesWidth = 1200
  private static let planesHeight = 440

  private let overlay: Overlay
  private let summary: LabelSummary
  private let samplers: [PlaneSampler]
  private let window: GreyWindow

  init(_ overlay: Overlay) {
    self.overlay = overlay
    summary = LabelSummary(overlay.labels)
    let planes = Plane.three(overlay.orientation)
    let extent = overlay.image.extent
    let spacing = overlay.spacing
    func millimetres(_ axis: Int) -> Double { Double(extent[axis]) * spacing[axis] }
    let across = planes.reduce(0) { $0 + millimetres($1.right.axis) }
    let tallest = planes.map { millimetres($0.down.axis) }.max()!
    // One scale for all planes, so that they can be compared.
    let scale = min(Double(Self.planesWidth) / across, Double(Self.planesHeight) / tallest)
    window = GreyWindow(overlay.window, for: overlay.image.channel(0))
    let centre = summary.centre
    samplers = planes.map {
      PlaneSampler(
        image: overlay.image, labels: overlay.labels, spacing: spacing, plane: $0, centre: centre, scale: scale)
    }
  }

  func paint() -> Canvas {
    let margin = PictureStyle.margin
    let planes = samplers.reduce(Self.gap * (samplers.count - 1)) { $0 + max($1.width, captionWidth($1)) }
    let tallest = samplers.map(\.height).max()!
    let legend = Legend(
      summary, names: overlay.names, spacing: overlay.spacing, room: max(planes, Self.planesWidth))
    let heading = overlay.title == nil ? 0 : PictureStyle.line + 6
    let captions = BitmapFont.height + 10
    let titleWidth = overlay.title.map { BitmapFont.standard.width($0) } ?? 0
    let width = 2 * margin + max(planes, legend.width, titleWidth)
    let planesTop = margin + heading + captions
    let legendTop = planesTop + tallest + Self.gap + 6
    var canvas = Canvas(
      width: width, height: legendTop + legend.height + margin - 12, background: PictureStyle.background)

    if let title = overlay.title { canvas.write(title, x: margin, y: margin, PictureStyle.text) }
    var left = (width - planes) / 2
    for sampler in samplers {
      let slot = max(sampler.width, captionWidth(sampler))
      canvas.write(caption(sampler), x: left, y: planesTop - captions, PictureStyle.quiet)
      paint(sampler, on: &canvas, x: left + (slot - sampler.width) / 2, y: planesTop)
      left += slot + Self.gap
    }
    legend.paint(x: (width - max(planes, legend.width)) / 2, y: legendTop, on: &canvas)
    return canvas
  }

  private func caption(_ sampler: PlaneSampler) -> String {
    let axis = sampler.plane.axis
    return "\(sampler.plane.name)  \(sampler.centre[axis] + 1)/\(overlay.image.extent[axis])"
  }

  private func captionWidth(_ sampler: PlaneSampler) -> Int { BitmapFont.standard.width(caption(sampler)) }

  private func paint(_ sampler: PlaneSampler, on canvas: inout Canvas, x: Int, y: Int) {
    let (width, height) = (sampler.width, sampler.height)
    canvas.fill(x: x - 1, y: y - 1, width: width + 2, height: height + 2, PictureStyle.frame)
    PlanePainter(sampler: sampler, window: window).paint(on: &canvas, x: x, y: y)
    // Marks at the edges where the other two planes cross this one.
    let (column, row) = sampler.centreInPicture
    let mark = min(10, width / 4, height / 4)
    for start in [y, y + height - mark] {
      canvas.fill(x: x + column, y: start, width: 1, height: mark, PictureStyle.text, opacity: 0.7)
    }
    for start in [x, x + width - mark] {
      canvas.fill(x: start, y: y + row, width: mark, height: 1, PictureStyle.text, opacity: 0.7)
    }
    let roomy = 4 * BitmapFont.height
    guard width > roomy, height > roomy else { return }
    if let ends = sampler.plane.right.ends {
      let top = y + height / 2 - BitmapFont.ascent / 2
      let shift = row >= height / 2 - BitmapFont.ascent && row <= height / 2 + BitmapFont.ascent ? 16 : 0
      PictureStyle.write(ends.0.rawValue, x: x + 7 + shift, y: top, on: &canvas)
      PictureStyle.write(ends.1.rawValue, x: x + width - 17 - shift, y: top, on: &canvas)
    }
    if let ends = sampler.plane.down.ends {
      let middle = x + width / 2 - 5
      let shift = abs(column - width / 2) <= 10 ? 14 : 0
      PictureStyle.write(ends.0.rawValue, x: middle, y: y + 6 + shift, on: &canvas)
      PictureStyle.write(ends.1.rawValue, x: middle, y: y + height - BitmapFont.ascent - 6 - shift, on: &canvas)
    }
  }
}
