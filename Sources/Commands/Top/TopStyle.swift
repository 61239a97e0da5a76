internal import Foundation

/// How a terminal can mark text.
struct TopStyle {
  /// Whether the terminal understands colours (ECMA-48).
  var hasColours: Bool
  /// Whether it shows characters beyond ASCII.
  var hasUnicode: Bool

  static let plain = TopStyle(hasColours: false, hasUnicode: true)

  /// What the environment tells of the terminal (`TERM`, `NO_COLOR`, `LC_ALL`, `LC_CTYPE`, `LANG`).
  init(environment: [String: String]) {
    hasColours = environment["NO_COLOR"]?.isEmpty != false && environment["TERM"] != "dumb"
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    hasUnicode = locale.lowercased().replacing("-", with: "").contains("utf8")
  }

  init(hasColours: Bool, hasUnicode: Bool) {
    self.hasColours = hasColours
    self.hasUnicode = hasUnicode
  }

  func strong(_ text: String) -> String { hasColours ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
  func alarm(_ text: String) -> String { hasColours ? "\u{1B}[1;31m\(text)\u{1B}[0m" : text }

  /// One character for each value, as high as the value.
  func sparkline(_ values: [Int]) -> String {
    let steps = Array(hasUnicode ? "▁▂▃▄▅▆▇█" : "_.-=+*%#")
    let most = values.max() ?? 0
    return String(
      values.map { value in most == 0 ? steps[0] : steps[min(steps.count - 1, value * (steps.count - 1) / most)] })
  }

  /// The text's first `columns` characters; marks take no room, and one that is open at the end is closed.
  func cut(_ text: String, to columns: Int) -> String {
    var result = ""
    var width = 0
    var isInMark = false
    for character in hasUnicode ? text : text.replacing("…", with: "...") {
      if character == "\u{1B}" { isInMark = true }
      if !isInMark {
        guard width < columns else { return result + (hasColours ? "\u{1B}[0m" : "") }
        width += 1
      }
      result.append(character)
      if isInMark, character == "m" { isInMark = false }
    }
    return result
  }
}
