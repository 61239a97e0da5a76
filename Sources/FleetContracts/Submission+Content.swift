public import Digests
internal import Foundation

extension Submission {
  /// The digest of what is asked for, without the key: two submissions with one key must agree in it.
  public var contentDigest: Digest {
    get throws { Digest(of: try MessageCoding.encode(Content(images: images, model: model, options: options))) }
  }

  private struct Content: Encodable {
    var images: [Digest]
    var model: Digest
    var options: RunOptions
  }
}
