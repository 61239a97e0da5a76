internal import CPNG

/// Writes PNG files through libpng's simplified interface, the one that doesn't jump out of Swift's frames on errors. Equal pixels give equal
/// bytes, for there is no time stamp in them.
enum PNGEncoder {
  /// The file of an RGB picture of 8 bits a part.
  static func encode(_ canvas: Canvas) throws -> [UInt8] {
    try encode(canvas.bytes, canvas.width, canvas.height, format: UInt32(PNG_FORMAT_FLAG_COLOR))
  }

  /// The file of a grey picture of 8 bits a pixel, `[y, x]`.
  static func encode(greys: [UInt8], width: Int, height: Int) throws -> [UInt8] {
    try encode(greys, width, height, format: 0)
  }

  /// The file of a picture whose pixels `[y, x]` are places in a palette of 1 to 256 colours, each with its opacity (0 to 255).
  static func encode(
    places: [UInt8], width: Int, height: Int, palette: [(colour: Colour, opacity: UInt8)]
  ) throws -> [UInt8] {
    let entries = palette.flatMap { $0.colour.bytes + [$0.opacity] }
    return try encode(
      places, width, height,
      format: UInt32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA | PNG_FORMAT_FLAG_COLORMAP), palette: entries)
  }

  private static func encode(
    _ pixels: [UInt8], _ width: Int, _ height: Int, format: UInt32, palette: [UInt8] = []
  ) throws -> [UInt8] {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    image.width = UInt32(width)
    image.height = UInt32(height)
    image.format = format
    image.colormap_entries = UInt32(palette.count / 4)
    defer { png_image_free(&image) }
    // A bound for what zlib makes of incompressible rows, with room for PNG's chunks.
    var size = pixels.count + pixels.count / 256 + height + 65_536
    var file = [UInt8](repeating: 0, count: size)
    guard png_image_write_to_memory(&image, &file, &size, 0, pixels, 0, palette.isEmpty ? nil : palette) != 0 else {
      throw PictureError("encoding a picture of \(width) x \(height) pixels as PNG failed")
    }
    return Array(file[..<size])
  }
}
