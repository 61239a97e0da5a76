public import Digests

/// Which components of a finished label map are removed, by nnU-Net's `postprocessing.json`.
public enum PostprocessingChoice: Hashable, Sendable {
  /// The rules beside the model, where it has some. A run that averages several models has none of its own.
  case ofTheModel
  /// None at all.
  case none
  /// The rules in this blob.
  case rules(Digest)
}

extension PostprocessingChoice: Codable {
  /// One text: `model`, `none`, or the digest of the rules.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    switch try container.decode(String.self) {
    case "model": self = .ofTheModel
    case "none": self = .none
    case let text:
      guard let digest = Digest(hexadecimal: text) else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "postprocessing is model, none or the digest of rules, found \(text)")
      }
      self = .rules(digest)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .ofTheModel: try container.encode("model")
    case .none: try container.encode("none")
    case .rules(let digest): try container.encode(digest.hexadecimal)
    }
  }
}
