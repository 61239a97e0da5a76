/// Pixels `[y, x]` to paint on, y down.
struct Canvas {
  let width: Int
  let height: Int
  private(set) var pixels: [Colour]

  init(width: Int, height: Int, background: Colour) {
    self.width = width
    self.height = height
    pixels = [Colour](repeating: background, count: width * height)
  }

  /// Paints a pixel, if there is one.
  mutating func paint(_ x: Int, _ y: Int, _ colour: Colour, opacity: Float = 1) {
    guard (0..<width).contains(x), (0..<height).contains(y) else { return }
    pixels[y * width + x] = pixels[y * width + x].blended(with: colour, opacity)
  }

  mutating func fill(x: Int, y: Int, width: Int, height: Int, _ colour: Colour, opacity: Float = 1) {
    for row in y..<y + max(0, height) {
      for column in x..<x + max(0, width) { paint(column, row, colour, opacity: opacity) }
    }
  }

  /// Writes a line of text, the tops of its capitals at `y`.
  mutating func write(_ text: String, x: Int, y: Int, _ colour: Colour) {
    let font = BitmapFont.standard
    var left = x
    for character in text {
      let glyph = font.glyph(character)
      for row in 0..<BitmapFont.height {
        for column in 0..<glyph.width {
          let ink = glyph.coverage[row * glyph.width + column]
          if ink > 0 { paint(left + column, y + row, colour, opacity: ink) }
        }
      }
      left += glyph.width + font.tracking
    }
  }

  /// 8 bits a part, `[y, x, red green blue]`.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(3 * pixels.count)
    func byte(_ part: Float) -> UInt8 { UInt8((min(max(part, 0), 1) * 255).rounded()) }
    for pixel in pixels {
      bytes.append(byte(pixel.red))
      bytes.append(byte(pixel.green))
      bytes.append(byte(pixel.blue))
    }
    return bytes
  }
}
