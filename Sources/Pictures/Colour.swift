/// A colour in sRGB, each part 0 to 1.
struct Colour: Hashable, Sendable {
  var red: Float
  var green: Float
  var blue: Float

  /// From `0xRRGGBB`.
  init(_ hex: UInt32) {
    func part(_ shift: UInt32) -> Float { Float((hex >> shift) & 0xFF) / 255 }
    (red, green, blue) = (part(16), part(8), part(0))
  }

  init(grey: Float) {
    (red, green, blue) = (grey, grey, grey)
  }

  /// Red, green, blue, 0 to 255.
  var bytes: [UInt8] { [red, green, blue].map { UInt8((min(max($0, 0), 1) * 255).rounded()) } }

  /// This colour with `amount` (0 to 1) of another over it.
  func blended(with other: Colour, _ amount: Float) -> Colour {
    var result = self
    result.red += (other.red - red) * amount
    result.green += (other.green - green) * amount
    result.blue += (other.blue - blue) * amount
    return result
  }
}

/// The colours of labels, to be told apart by people with any colour vision: those of Okabe and Ito (Color universal design,
/// 2008) without black, then Paul Tol's muted ones; more labels get them again, lighter each time.
enum LabelPalette {
  private static let colours: [Colour] = [
    0xE69F00, 0x56B4E9, 0x009E73, 0xF0E442, 0xCC79A7, 0xD55E00, 0x0072B2,
    0x88CCEE, 0x44AA99, 0x999933, 0xDDCC77, 0xCC6677, 0x882255, 0xAA4499,
  ].map { Colour($0) }

  /// The colour of a label from 1 on.
  static func colour(_ label: Int) -> Colour {
    let (round, place) = max(0, label - 1).quotientAndRemainder(dividingBy: colours.count)
    return colours[place].blended(with: Colour(grey: 1), 1 - 1 / (1 + 0.4 * Float(round)))
  }
}
