/// Why a picture could not be made, in one sentence.
public struct PictureError: Error, CustomStringConvertible, Sendable {
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
