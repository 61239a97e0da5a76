internal import Volumes

/// What the pictures have in common: colours, and letters on greys.
enum PictureStyle {
  static let background = Colour(0x14171C)
  static let frame = Colour(0x2B313A)
  static let text = Colour(0xE8EBEF)
  static let quiet = Colour(0x8C96A3)

  static let margin = 28
  /// A line of text with the room below.
  static let line = 30

  /// Text with a shadow, so that it can be read on any grey.
  static func write(_ text: String, x: Int, y: Int, on canvas: inout Canvas) {
    canvas.write(text, x: x + 1, y: y + 1, Colour(0x000000))
    canvas.write(text, x: x, y: y, Self.text)
  }

  /// What a picture says of left and right.
  static func convention(_ orientation: Orientation?) -> String {
    orientation == nil
      ? "orientation unknown: as the array is stored" : "radiological: the patient's right is on the left"
  }
}
