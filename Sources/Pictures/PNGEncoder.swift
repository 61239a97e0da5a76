internal import CPNG

/// Writes PNG files through libpng's simplified interface, the one that doesn't jump out of Swift's frames on errors.
enum PNGEncoder {
  /// The file of an RGB picture of 8 bits a part; equal pixels give equal bytes, for there is no time stamp in it.
  static func encode(_ canvas: Canvas) throws -> [UInt8] {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    image.width = UInt32(canvas.width)
    image.height = UInt32(canvas.height)
    image.format = UInt32(PNG_FORMAT_FLAG_COLOR)
    defer { png_image_free(&image) }
    let pixels = canvas.bytes
    // A bound for what zlib makes of incompressible rows, with room for PNG's chunks.
    var size = pixels.count + pixels.count / 256 + canvas.height + 65_536
    var file = [UInt8](repeating: 0, count: size)
    guard png_image_write_to_memory(&image, &file, &size, 0, pixels, 0, nil) != 0 else {
      throw PictureError("encoding a picture of \(canvas.width) x \(canvas.height) pixels as PNG failed")
    }
    return Array(file[..<size])
  }
}
