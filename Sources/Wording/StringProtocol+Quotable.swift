extension StringProtocol {
  /// This text as a sentence may hold it: a name or an explanation that comes out of a file, made fit for a terminal and a log.
  ///
  /// Control and format characters, line ends and what wasn't UTF-8 are spelled as `\u{…}`, so that nothing of it can move a cursor,
  /// turn the direction of writing or begin a line of its own; where there are more than `limit` characters (Unicode scalars, each
  /// escape counted as one), the middle is left out.
  ///
  ///     throw ZipError(.read, "'\(entry.name.quotable())' is damaged.")
  public func quotable(limit: Int = 80) -> String {
    let scalars = unicodeScalars
    guard scalars.count > limit else { return scalars.map(Self.spelled).joined() }
    let half = Swift.max(limit / 2, 1)
    return scalars.prefix(half).map(Self.spelled).joined() + "…" + scalars.suffix(half).map(Self.spelled).joined()
  }

  private static func spelled(_ scalar: Unicode.Scalar) -> String {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: "\\u{\(String(scalar.value, radix: 16))}"
    default: scalar == "\u{FFFD}" ? "\\u{fffd}" : String(Character(scalar))
    }
  }
}
