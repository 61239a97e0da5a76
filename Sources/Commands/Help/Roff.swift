/// Text in the language of manual pages (man(7)).
struct Roff {
  private(set) var text = ""

  mutating func heading(_ title: String) { text += ".SH \(Self.quoted(title))\n" }

  mutating func subheading(_ title: String) { text += ".SS \(Self.quoted(title))\n" }

  mutating func paragraph(_ words: String) { text += ".PP\n\(Self.prose(words))\n" }

  /// A term with what it means.
  mutating func item(_ term: String, _ meaning: String) {
    text += ".TP\n\\fB\(Self.escaped(term))\\fR\n\(Self.prose(meaning))\n"
  }

  /// Lines as they are.
  mutating func lines(_ lines: [String]) {
    text += ".PP\n.RS 4\n.nf\n\(lines.map { Self.guarded(Self.escaped($0)) }.joined(separator: "\n"))\n.fi\n.RE\n"
  }

  /// Paragraphs of a command's discussion; lines that are indented are examples.
  mutating func discussion(_ text: String) {
    var prose: [String] = []
    var code: [String] = []
    func trimmed(_ line: Substring) -> String {
      String(String(line.drop { $0 == " " }.reversed()).drop { $0 == " " }.reversed())
    }
    let all: [Substring] = text.split(separator: "\n", omittingEmptySubsequences: false) + [""]
    for line in all {
      let isCode = line.hasPrefix("  ")
      if !isCode, !code.isEmpty {
        lines(code)
        code = []
      }
      if isCode || line.isEmpty, !prose.isEmpty {
        paragraph(prose.joined(separator: "\n"))
        prose = []
      }
      if isCode { code.append(trimmed(line)) } else if !line.isEmpty { prose.append(trimmed(line)) }
    }
  }

  /// - Parameters:
  ///   - name: of the page.
  ///   - source: what it belongs to, such as `Tessera 1.0`.
  init(name: String, section: Int, source: String, manual: String) {
    text =
      ".TH \(Self.quoted(name.uppercased())) \(section) \"\" \(Self.quoted(source)) \(Self.quoted(manual))\n.nh\n.ad l\n"
  }

  /// What stands between backticks is printed bold.
  private static func prose(_ words: String) -> String {
    words.split(separator: "\n").map { line in
      let parts = line.split(separator: "`", omittingEmptySubsequences: false).map { escaped(String($0)) }
      let bold = parts.enumerated().map { $0 % 2 == 1 && $0 < parts.count - 1 ? "\\fB\($1)\\fR" : $1 }
      return guarded(bold.joined())
    }.joined(separator: "\n")
  }

  /// A hyphen that can be typed, a backslash that is one, letters beyond ASCII by their numbers, and places where addresses may be broken.
  private static func escaped(_ words: String) -> String {
    words.unicodeScalars.map { scalar in
      switch scalar {
      case "\\": "\\e"
      case "-": "\\-"
      case "'": "\\(aq"
      case "^": "\\(ha"
      case "~": "\\(ti"
      case "`": "\\(ga"
      // An address may be broken there.
      case "?", "&", "/": "\(scalar)\\:"
      case _ where scalar.isASCII: String(scalar)
      default: "\\[u\(hexadecimal(scalar.value))]"
      }
    }.joined()
  }

  private static func hexadecimal(_ number: UInt32) -> String {
    let digits = String(number, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  /// A line that begins with a dot is no request.
  private static func guarded(_ line: String) -> String { line.hasPrefix(".") ? "\\&\(line)" : line }

  private static func quoted(_ words: String) -> String { "\"\(escaped(words).replacing("\"", with: "\\(dq"))\"" }
}
