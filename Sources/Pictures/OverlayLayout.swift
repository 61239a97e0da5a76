internal import Volumes

/// Where everything stands on an overlay picture, in pixels.
struct OverlayLayout {
  private static let background = Colour(0x14171C)
  private static let frame = Colour(0x2B313A)
  private static let text = Colour(0xE8EBEF)
  private static let quiet = Colour(0x8C96A3)

  private static let margin = 28
  private static let gap = 20
  /// Room for the planes: all of it side by side, and one of it upwards.
  private static let planesWidth = 1200
  private static let planesHeight = 440
  /// A line of the legend.
  private static let line = 30
  private static let swatch = 16
  /// Between a swatch and its name, a name and its volume, a column and the next.
  private static let swatchGap = 10
  private static let volumeGap = 16
  private static let legendGap = 40
  /// Characters of a name before it is cut.
  private static let longestName = 32
  private static let legendColumns = 4

  private let overlay: Overlay
  private let summary: LabelSummary
  private let painters: [PlanePainter]

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
    let window = GreyWindow(overlay.image.channel(0))
    let centre = summary.centre
    painters = planes.map {
      PlanePainter(
        image: overlay.image, labels: overlay.labels, spacing: spacing, window: window, plane: $0, centre: centre,
        scale: scale)
    }
  }

  func paint() -> Canvas {
    let planes = painters.reduce(Self.gap * (painters.count - 1)) { $0 + max($1.width, captionWidth($1)) }
    let tallest = painters.map(\.height).max()!
    let legend = entries
    let cell = (legend.map(\.width).max() ?? 0) + Self.swatch + Self.swatchGap + Self.legendGap
    let fitting = max(planes, Self.planesWidth) / cell
    let columns = max(1, min(Self.legendColumns, legend.count, fitting))
    let legendRows = (legend.count + columns - 1) / columns
    let heading = overlay.title == nil ? 0 : Self.line + 6
    let captions = BitmapFont.height + 10
    let titleWidth = overlay.title.map { BitmapFont.standard.width($0) } ?? 0
    let width = 2 * Self.margin + max(planes, columns * cell - Self.legendGap, titleWidth)
    let planesTop = Self.margin + heading + captions
    let legendTop = planesTop + tallest + Self.gap + 6
    var canvas = Canvas(
      width: width, height: legendTop + max(1, legendRows) * Self.line + Self.margin - 12, background: Self.background)

    if let title = overlay.title { canvas.write(title, x: Self.margin, y: Self.margin, Self.text) }
    var left = (width - planes) / 2
    for painter in painters {
      let slot = max(painter.width, captionWidth(painter))
      canvas.write(caption(painter), x: left, y: planesTop - captions, Self.quiet)
      paint(painter, on: &canvas, x: left + (slot - painter.width) / 2, y: planesTop)
      left += slot + Self.gap
    }
    paint(
      legend, columns: columns, cell: cell, top: legendTop,
      left: (width - max(planes, columns * cell - Self.legendGap)) / 2, on: &canvas)
    return canvas
  }

  private func caption(_ painter: PlanePainter) -> String {
    let axis = painter.plane.axis
    return "\(painter.plane.name)  \(painter.centre[axis] + 1)/\(overlay.image.extent[axis])"
  }

  private func captionWidth(_ painter: PlanePainter) -> Int { BitmapFont.standard.width(caption(painter)) }

  private func paint(_ painter: PlanePainter, on canvas: inout Canvas, x: Int, y: Int) {
    let (width, height) = (painter.width, painter.height)
    canvas.fill(x: x - 1, y: y - 1, width: width + 2, height: height + 2, Self.frame)
    painter.paint(on: &canvas, x: x, y: y)
    // Marks at the edges where the other two planes cross this one.
    let (column, row) = painter.centreInPicture
    let mark = min(10, width / 4, height / 4)
    for start in [y, y + height - mark] {
      canvas.fill(x: x + column, y: start, width: 1, height: mark, Self.text, opacity: 0.7)
    }
    for start in [x, x + width - mark] {
      canvas.fill(x: start, y: y + row, width: mark, height: 1, Self.text, opacity: 0.7)
    }
    let roomy = 4 * BitmapFont.height
    if let ends = painter.plane.right.ends, width > roomy, height > roomy {
      let top = y + height / 2 - BitmapFont.ascent / 2
      let shift = row >= height / 2 - BitmapFont.ascent && row <= height / 2 + BitmapFont.ascent ? 16 : 0
      letter(ends.0, x: x + 7 + shift, y: top, on: &canvas)
      letter(ends.1, x: x + width - 17 - shift, y: top, on: &canvas)
    }
    if let ends = painter.plane.down.ends, width > roomy, height > roomy {
      let middle = x + width / 2 - 5
      let shift = abs(column - width / 2) <= 10 ? 14 : 0
      letter(ends.0, x: middle, y: y + 6 + shift, on: &canvas)
      letter(ends.1, x: middle, y: y + height - BitmapFont.ascent - 6 - shift, on: &canvas)
    }
  }

  /// A direction of the body, with a shadow so that it can be read on any grey.
  private func letter(_ direction: AnatomicalDirection, x: Int, y: Int, on canvas: inout Canvas) {
    canvas.write(direction.rawValue, x: x + 1, y: y + 1, Colour(0x000000))
    canvas.write(direction.rawValue, x: x, y: y, Self.text)
  }

  private struct Entry {
    let label: Int
    let name: String
    let volume: String

    /// Pixels of both texts with what is between them.
    var width: Int { BitmapFont.standard.width(name) + volumeGap + BitmapFont.standard.width(volume) }
  }

  private var entries: [Entry] {
    summary.present.map { label in
      let millilitres = Double(summary.voxels[label]) * overlay.spacing.voxelMillilitres
      var name = overlay.names[label] ?? "Label \(label)"
      if name.count > Self.longestName { name = name.prefix(Self.longestName - 3) + "..." }
      return Entry(label: label, name: name, volume: Self.millilitres(millilitres))
    }
  }

  /// Three digits that count, or more before the point.
  static func millilitres(_ value: Double) -> String {
    let decimals = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3
    let unit = [1.0, 10, 100, 1000][decimals]
    // Written by hand: formatting must not follow the machine's language.
    let (whole, part) = Int((value * unit).rounded()).quotientAndRemainder(dividingBy: Int(unit))
    let digits = String(part)
    let fraction = decimals == 0 ? "" : "." + String(repeating: "0", count: decimals - digits.count) + digits
    return "\(whole)\(fraction) mL"
  }

  private func paint(_ legend: [Entry], columns: Int, cell: Int, top: Int, left: Int, on canvas: inout Canvas) {
    guard !legend.isEmpty else {
      canvas.write("No label in this image", x: left, y: top + 1, Self.quiet)
      return
    }
    for (index, entry) in legend.enumerated() {
      let x = left + (index % columns) * cell
      let y = top + (index / columns) * Self.line
      canvas.fill(x: x, y: y, width: Self.swatch, height: Self.swatch, LabelPalette.colour(entry.label))
      let name = x + Self.swatch + Self.swatchGap
      canvas.write(entry.name, x: name, y: y + 1, Self.text)
      canvas.write(entry.volume, x: name + BitmapFont.standard.width(entry.name) + Self.volumeGap, y: y + 1, Self.quiet)
    }
  }
}
