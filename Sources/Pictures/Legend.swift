internal import Volumes

/// The labels that occur, with their colours and volumes, in columns.
struct Legend {
  private static let swatch = 16
  /// Between a swatch and its name, a name and its volume, a column and the next.
  private static let swatchGap = 10
  private static let volumeGap = 16
  private static let columnGap = 40
  /// Characters of a name before it is cut.
  private static let longestName = 32
  private static let mostColumns = 4

  private struct Entry {
    let label: Int
    let name: String
    let volume: String

    /// Pixels of both texts with what is between them.
    var width: Int { BitmapFont.standard.width(name) + volumeGap + BitmapFont.standard.width(volume) }
  }

  private let entries: [Entry]
  private let cell: Int
  private let columns: Int

  /// - Parameter room: pixels that are there for the columns.
  init(_ summary: LabelSummary, names: [Int: String], spacing: Spacing, room: Int) {
    entries = summary.present.map { label in
      let millilitres = Double(summary.voxels[label]) * spacing.voxelMillilitres
      var name = names[label] ?? "Label \(label)"
      if name.count > Self.longestName { name = name.prefix(Self.longestName - 3) + "..." }
      return Entry(label: label, name: name, volume: Self.millilitres(millilitres))
    }
    cell = (entries.map(\.width).max() ?? 0) + Self.swatch + Self.swatchGap + Self.columnGap
    columns = max(1, min(Self.mostColumns, entries.count, room / cell))
  }

  var width: Int { columns * cell - Self.columnGap }
  var height: Int { max(1, (entries.count + columns - 1) / columns) * PictureStyle.line }

  func paint(x left: Int, y top: Int, on canvas: inout Canvas) {
    guard !entries.isEmpty else {
      canvas.write("No label in this image", x: left, y: top + 1, PictureStyle.quiet)
      return
    }
    for (index, entry) in entries.enumerated() {
      let x = left + (index % columns) * cell
      let y = top + (index / columns) * PictureStyle.line
      canvas.fill(x: x, y: y, width: Self.swatch, height: Self.swatch, LabelPalette.colour(entry.label))
      let name = x + Self.swatch + Self.swatchGap
      canvas.write(entry.name, x: name, y: y + 1, PictureStyle.text)
      canvas.write(
        entry.volume, x: name + BitmapFont.standard.width(entry.name) + Self.volumeGap, y: y + 1, PictureStyle.quiet)
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
}
