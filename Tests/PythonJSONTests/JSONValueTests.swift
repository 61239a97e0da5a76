import Foundation
import PythonJSON
import Testing
import Testkit

@Suite struct JSONValueTests {
  private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: text.utf8) }

  @Test func pythonsOwnWordsAreRead() throws {
    let value = try parse(
      #"{"a": NaN, "b": [Infinity, -Infinity, -0.5e-3, 12, true, null], "c": "\u00e9\ud83e\udde0\n"}"#)
    #expect(value["a"]?.number?.isNaN == true)
    #expect(
      value["b"]
        == .array([.float(.infinity), .float(-.infinity), .float(-0.0005), .integer(12), .boolean(true), .null]))
    #expect(value["c"]?.string == "é🧠\n")
  }

  @Test func theLastOfEqualKeysCounts() throws {
    #expect(try parse(#"{"a": 1, "a": 2}"#) == .object(["a": .integer(2)]))
  }

  /// Python 3.11: `json.dumps({"b": [1, 2.0, float("nan")], "a": {"é\u0001": "x\"y"}, "c": [], "d": {}}, sort_keys=True, indent=4)`
  @Test func theTextIsPythons() throws {
    let value = JSONValue.object([
      "b": .array([.integer(1), .float(2), .float(.nan)]), "a": .object(["é\u{1}": .string("x\"y")]), "c": .array([]),
      "d": .object([:]),
    ])
    let expected = #"""
      {
          "a": {
              "\u00e9\u0001": "x\"y"
          },
          "b": [
              1,
              2.0,
              NaN
          ],
          "c": [],
          "d": {}
      }
      """#
    #expect(String(decoding: value.serialized(), as: UTF8.self) == expected)
  }

  @Test(
    arguments: [
      0.8246258485666813, 1e-05, 0.0001, 1e16, 123456789012345.6, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
      -0.0, 0.1,
    ] as [Double]) func floatsReadBackAsTheyWere(value: Double) throws
  {
    let read = try JSONValue(parsing: JSONValue.array([.float(value)]).serialized())
    #expect(read.array?.first?.number?.bitPattern == value.bitPattern)
  }

  @Test(
    arguments: [
      "", "{", "[1,", "[1,]", #"{"a" 1}"#, #"{"a": 1,}"#, "{1: 2}", "01", "1.", "-", "+1", "nan", "'a'", "[1] 2", "\"a",
      "\"\\x\"",
      "\"\\ud800\"", "\"\u{1}\"", "1e", ".5", #"{"a": undefined}"#,
    ] as [String]) func whatIsNoJSONIsAnError(text: String)
  {
    #expect(throws: JSONError.self) { try parse(text) }
  }

  @Test func deepNestingIsRefusedAndTakesNoStack() throws {
    #expect(throws: JSONError.self) { try parse(String(repeating: "[", count: 1_000_000)) }
    let deepest = JSONValue.maximumDepth
    #expect(throws: Never.self) {
      try parse(String(repeating: "[", count: deepest) + String(repeating: "]", count: deepest))
    }
  }

  @Test func damagedFilesNeverTrap() throws {
    let whole = Array(
      #"{"results": {"mean": {"1": {"Dice": 0.25, "Recall": NaN}}}, "name": "\u00e9", "n": [-1e3, null]}"#.utf8)
    var generator = SplitMix64(seed: 7)
    for _ in 0..<20_000 { _ = try? JSONValue(parsing: Mutation.mutate(whole, using: &generator)) }
    for length in whole.indices { #expect(throws: JSONError.self) { try JSONValue(parsing: whole[..<length]) } }
  }
}
