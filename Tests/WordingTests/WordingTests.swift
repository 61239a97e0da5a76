import Foundation
import Testing
import Wording

@Suite("Texts from outside in sentences") struct WordingTests {
  @Test func plainTextStaysAsItIs() {
    #expect("archive/data.pkl".quotable() == "archive/data.pkl")
    #expect("Gehirn, größer: 脳".quotable() == "Gehirn, größer: 脳")
    #expect("".quotable() == "")
  }

  @Test func nothingCanMoveTheCursorOrBeginALine() {
    #expect("a\nb\u{1B}[2Jc\r".quotable() == "a\\u{a}b\\u{1b}[2Jc\\u{d}")
    #expect("x\u{202E}y\u{2028}z".quotable() == "x\\u{202e}y\\u{2028}z")
    #expect(String(decoding: [0x61, 0xFF], as: UTF8.self).quotable() == "a\\u{fffd}")
  }

  @Test func longTextLosesItsMiddle() {
    let text = String(repeating: "a", count: 500) + String(repeating: "b", count: 500)
    #expect(text.quotable(limit: 6) == "aaa…bbb")
    #expect(text.quotable().count == 81)
    // One character that is made of very many.
    #expect(("e" + String(repeating: "\u{301}", count: 10_000)).quotable().unicodeScalars.count <= 81)
  }

  private struct Inner: Decodable { var count: Int }
  private struct Outer: Decodable { var inner: [Inner] }

  /// Why `json` isn't an `Outer`.
  private func reason(_ json: String) -> String? {
    do {
      _ = try JSONDecoder().decode(Outer.self, from: Data(json.utf8))
      return nil
    } catch let error as DecodingError {
      return error.reason
    } catch {
      return "\(error)"
    }
  }

  @Test func decodingErrorsSayWhereAndWhat() throws {
    #expect(reason(#"{"inner":[{"count":1}]}"#) == nil)
    #expect(reason(#"{}"#) == "'inner' is missing")
    #expect(reason(#"{"inner":[{}]}"#) == "at inner[0]: 'count' is missing")
    let mismatch = try #require(reason(#"{"inner":[{"count":"x"}]}"#))
    #expect(mismatch.hasPrefix("at inner[0].count: ") && !mismatch.hasSuffix("."))
    let damaged = try #require(reason("{\n\u{1}"))
    #expect(damaged.allSatisfy { !$0.isNewline })
  }
}
