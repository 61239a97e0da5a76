extension DecodingError {
  /// What is wrong with a document, in words that continue "it can't be read: …": the place, and what was expected there.
  public var reason: String {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      Self.reason(context.codingPath, context.debugDescription)
    case .keyNotFound(let key, let context):
      Self.reason(context.codingPath, "'\(key.stringValue.quotable())' is missing")
    @unknown default: "it isn't what was expected"
    }
  }

  private static func reason(_ path: [any CodingKey], _ what: String) -> String {
    // Foundation ends some of its explanations with a full stop, the sentence around them ends with its own.
    let words = what.quotable(limit: 200).trimmingSuffix(".")
    guard !path.isEmpty else { return words }
    let place = path.reduce(into: "") { text, key in
      text += key.intValue.map { "[\($0)]" } ?? (text.isEmpty ? "" : ".") + key.stringValue
    }
    return "at \(place.quotable()): \(words)"
  }
}

extension String {
  fileprivate func trimmingSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }
}
