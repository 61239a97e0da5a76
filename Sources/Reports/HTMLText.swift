/// Text for HTML: what comes from outside never becomes markup.
extension String {
  /// For text and for attributes in double quotes.
  var escapedForHTML: String {
    var result = ""
    result.reserveCapacity(utf8.count)
    for character in unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      // Control characters have no place in a page.
      case "\0"..."\u{1F}" where character != "\n" && character != "\t": result += "\u{FFFD}"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }
}
