/// What an error that bad input causes must look like to be one clear sentence on a terminal and in a log.
enum ErrorSentence {
  /// Longer ones repeat the input instead of describing it.
  private static let maximumCharacters = 2000

  /// Why `error` isn't such a sentence, or `nil`.
  static func fault(of error: any Error) -> String? {
    let type = String(reflecting: Swift.type(of: error))
    if type.hasPrefix("Swift.") || type.hasPrefix("Foundation") {
      return "the error is a bare \(type), which says nothing about the file: \(error)"
    }
    let sentence = "\(error)"
    if sentence.isEmpty { return "the error \(type) has no sentence" }
    if sentence.count > maximumCharacters {
      return "the error's sentence has \(sentence.count) characters: \(sentence.prefix(200))"
    }
    let control = sentence.unicodeScalars.first { scalar in
      [.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
    }
    return control.map {
      "the error's sentence holds the character U+\(String($0.value, radix: 16)): \(sentence.debugDescription)"
    }
  }
}
