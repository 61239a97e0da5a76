/// A bitmap font of our own, for ASCII: pictures look the same on every machine, whatever fonts it has.
///
/// Glyphs are drawn 5 pixels wide and 9 high: 7 above the baseline, 2 below. They are set at twice that size, their corners rounded.
struct BitmapFont: Sendable {
  /// One character's shape.
  struct Glyph: Sendable {
    /// Pixels, at the font's scale.
    let width: Int
    /// How much of a pixel is inked, 0 to 1, row by row, `width * BitmapFont.height` values.
    let coverage: [Float]
  }

  /// Pixels from the top of a capital to the lowest descender.
  static let height = rows * scale
  /// Pixels from the top of a capital to the baseline.
  static let ascent = 7 * scale
  static let standard = BitmapFont()

  private static let scale = 2
  private static let columns = 5
  private static let rows = 9
  private static let firstCode: UInt8 = 32

  private let glyphs: [Glyph]

  /// Pixels between two letters.
  let tracking = 2

  private init() {
    var glyphs: [Glyph] = []
    let lines = Self.sheet.split(separator: "\n", omittingEmptySubsequences: true).map(Array.init)
    for block in stride(from: 0, to: lines.count, by: Self.rows) {
      for start in stride(from: 0, to: lines[block].count, by: Self.columns + 1) {
        let pixels = (0..<Self.rows).map { row in (0..<Self.columns).map { lines[block + row][start + $0] == "#" } }
        glyphs.append(Self.glyph(pixels, isDigit: (48...57).contains(Int(Self.firstCode) + glyphs.count)))
      }
    }
    self.glyphs = glyphs
  }

  /// The glyph of a character; a question mark for what the font doesn't have.
  func glyph(_ character: Character) -> Glyph {
    guard let code = character.asciiValue, code >= Self.firstCode, Int(code - Self.firstCode) < glyphs.count else {
      return glyph("?")
    }
    return glyphs[Int(code - Self.firstCode)]
  }

  /// The width of a line of text in pixels.
  func width(_ text: String) -> Int {
    max(0, text.reduce(0) { $0 + glyph($1).width + tracking } - tracking)
  }

  /// Cuts empty columns (digits keep theirs, so that numbers stand in columns) and doubles the size.
  private static func glyph(_ pixels: [[Bool]], isDigit: Bool) -> Glyph {
    let inked = (0..<columns).filter { column in pixels.contains { $0[column] } }
    guard let first = inked.first, let last = inked.last else {
      let width = 3 * scale
      return Glyph(width: width, coverage: [Float](repeating: 0, count: width * height))
    }
    let range = isDigit ? 0...columns - 1 : first...last
    // Four times as large with rounded corners, then half of that with the shades between.
    let large = rounded(rounded(pixels.map { Array($0[range]) }))
    let width = range.count * scale
    var coverage: [Float] = []
    for y in 0..<height {
      for x in 0..<width {
        let ink = [large[2 * y][2 * x], large[2 * y][2 * x + 1], large[2 * y + 1][2 * x], large[2 * y + 1][2 * x + 1]]
        coverage.append(Float(ink.count { $0 }) / 4)
      }
    }
    return Glyph(width: width, coverage: coverage)
  }

  /// Doubles a bitmap and rounds its steps (A. Mazzoleni: Scale2x, 2001).
  private static func rounded(_ pixels: [[Bool]]) -> [[Bool]] {
    let (height, width) = (pixels.count, pixels[0].count)
    func at(_ y: Int, _ x: Int) -> Bool { pixels.indices.contains(y) && (0..<width).contains(x) ? pixels[y][x] : false }
    var result = [[Bool]](repeating: [Bool](repeating: false, count: 2 * width), count: 2 * height)
    for y in 0..<height {
      for x in 0..<width {
        let (own, up, down, left, right) = (at(y, x), at(y - 1, x), at(y + 1, x), at(y, x - 1), at(y, x + 1))
        let bends = up != down && left != right
        result[2 * y][2 * x] = bends && up == left ? up : own
        result[2 * y][2 * x + 1] = bends && up == right ? up : own
        result[2 * y + 1][2 * x] = bends && down == left ? down : own
        result[2 * y + 1][2 * x + 1] = bends && down == right ? down : own
      }
    }
    return result
  }

  /// The characters from space to tilde, sixteen to a band.
  private static let sheet = #"""
    ..... ..#.. .#.#. .#.#. ..#.. ##... .##.. ..#.. ...#. .#... ..... ..... ..... ..... ..... ....#
    ..... ..#.. .#.#. .#.#. .#### ##..# #..#. ..#.. ..#.. ..#.. ..#.. ..#.. ..... ..... ..... ....#
    ..... ..#.. .#.#. ##### #.#.. ...#. #.#.. ..#.. .#... ...#. #.#.# ..#.. ..... ..... ..... ...#.
    ..... ..#.. ..... .#.#. .###. ..#.. .#... ..... .#... ...#. .###. ##### ..... .###. ..... ..#..
    ..... ..#.. ..... ##### ..#.# .#... #.#.# ..... .#... ...#. #.#.# ..#.. ..... ..... ..... .#...
    ..... ..... ..... .#.#. ####. #..## #..#. ..... ..#.. ..#.. ..#.. ..#.. .##.. ..... .##.. #....
    ..... ..#.. ..... .#.#. ..#.. ...## .##.# ..... ...#. .#... ..... ..... .##.. ..... .##.. #....
    ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..#.. ..... ..... .....
    ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .#... ..... ..... .....

    .###. ..#.. .###. ##### ...#. ##### ..##. ##### .###. .###. ..... ..... ...#. ..... .#... .###.
    #...# .##.. #...# ...#. ..##. #.... .#... ....# #...# #...# ..... ..... ..#.. ..... ..#.. #...#
    #..## ..#.. ....# ..#.. .#.#. ####. #.... ...#. #...# #...# .##.. .##.. .#... ##### ...#. ....#
    #.#.# ..#.. ..##. ...#. #..#. ....# ####. ..#.. .###. .#### .##.. .##.. #.... ..... ....# ...#.
    ##..# ..#.. .#... ....# ##### ....# #...# .#... #...# ....# ..... ..... .#... ##### ...#. ..#..
    #...# ..#.. #.... #...# ...#. #...# #...# .#... #...# ...#. .##.. .##.. ..#.. ..... ..#.. .....
    .###. .###. ##### .###. ...#. .###. .###. .#... .###. .##.. .##.. .##.. ...#. ..... .#... ..#..
    ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..#.. ..... ..... ..... .....
    ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .#... ..... ..... ..... .....

    .###. ..#.. ####. .###. ####. ##### ##### .###. #...# .###. ..### #...# #.... #...# #...# .###.
    #...# .#.#. #...# #...# #...# #.... #.... #...# #...# ..#.. ...#. #..#. #.... ##.## ##..# #...#
    #.### #...# #...# #.... #...# #.... #.... #.... #...# ..#.. ...#. #.#.. #.... #.#.# ##..# #...#
    #.#.# #...# ####. #.... #...# ####. ####. #.### ##### ..#.. ...#. ##... #.... #.#.# #.#.# #...#
    #.### ##### #...# #.... #...# #.... #.... #...# #...# ..#.. ...#. #.#.. #.... #...# #..## #...#
    #.... #...# #...# #...# #...# #.... #.... #...# #...# ..#.. #..#. #..#. #.... #...# #..## #...#
    .###. #...# ####. .###. ####. ##### #.... .#### #...# .###. .##.. #...# ##### #...# #...# .###.
    ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....
    ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....

    ####. .###. ####. .#### ##### #...# #...# #...# #...# #...# ##### .###. #.... .###. ..#.. .....
    #...# #...# #...# #.... ..#.. #...# #...# #...# #...# #...# ....# .#... #.... ...#. .#.#. .....
    #...# #...# #...# #.... ..#.. #...# #...# #...# .#.#. .#.#. ...#. .#... .#... ...#. #...# .....
    ####. #...# ####. .###. ..#.. #...# #...# #.#.# ..#.. ..#.. ..#.. .#... ..#.. ...#. ..... .....
    #.... #.#.# #.#.. ....# ..#.. #...# .#.#. #.#.# .#.#. ..#.. .#... .#... ...#. ...#. ..... .....
    #.... #..#. #..#. ....# ..#.. #...# .#.#. ##.## #...# ..#.. #.... .#... ....# ...#. ..... .....
    #.... .##.# #...# ####. ..#.. .###. ..#.. #...# #...# ..#.. ##### .###. ....# .###. ..... .....
    ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... #####
    ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....

    .#... ..... #.... ..... ....# ..... ..##. ..... #.... ..#.. ...#. #.... .##.. ..... ..... .....
    ..#.. ..... #.... ..... ....# ..... .#... ..... #.... ..... ..... #.... ..#.. ..... ..... .....
    ...#. .###. ####. .###. .#### .###. .#... .#### #.##. .##.. ..##. #..#. ..#.. ##.#. #.##. .###.
    ..... ....# #...# #...# #...# #...# ###.. #...# ##..# ..#.. ...#. #.#.. ..#.. #.#.# ##..# #...#
    ..... .#### #...# #.... #...# ##### .#... #...# #...# ..#.. ...#. ##... ..#.. #.#.# #...# #...#
    ..... #...# #...# #...# #...# #.... .#... #...# #...# ..#.. ...#. #.#.. ..#.. #.#.# #...# #...#
    ..... .#### ####. .###. .#### .###. .#... .#### #...# .###. ...#. #..#. .###. #.#.# #...# .###.
    ..... ..... ..... ..... ..... ..... ..... ....# ..... ..... #..#. ..... ..... ..... ..... .....
    ..... ..... ..... ..... ..... ..... ..... .###. ..... ..... .##.. ..... ..... ..... ..... .....

    ..... ..... ..... ..... .#... ..... ..... ..... ..... ..... ..... ...## ..#.. ##... .....
    ..... ..... ..... ..... .#... ..... ..... ..... ..... ..... ..... ..#.. ..#.. ..#.. .....
    ####. .#### #.##. .#### ###.. #...# #...# #...# #...# #...# ##### ..#.. ..#.. ..#.. .#...
    #...# #...# ##... #.... .#... #...# #...# #.#.# .#.#. #...# ...#. .#... ..#.. ...#. #.#.#
    #...# #...# #.... .###. .#... #...# #...# #.#.# ..#.. #...# ..#.. ..#.. ..#.. ..#.. ...#.
    #...# #...# #.... ....# .#... #..## .#.#. #.#.# .#.#. #...# .#... ..#.. ..#.. ..#.. .....
    ####. .#### #.... ####. ..##. .##.# ..#.. .#.#. #...# .#### ##### ...## ..#.. ##... .....
    #.... ....# ..... ..... ..... ..... ..... ..... ..... ....# ..... ..... ..... ..... .....
    #.... ....# ..... ..... ..... ..... ..... ..... ..... .###. ..... ..... ..... ..... .....
    """#
}
