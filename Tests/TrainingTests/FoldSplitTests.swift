import Foundation
import Testing
import Testkit
import TrainingData

@Suite struct FoldSplitTests {
  private static func names(_ count: Int) -> [String] {
    (0..<count).map { "case_" + String(repeating: "0", count: 2 - String($0).count) + "\($0)" }
  }

  /// scikit-learn's, from nnU-Net itself.
  @Test func foldsAreNnunets() throws {
    let folder = try TemporaryFolder()
    let validation = try (0..<5).map {
      try FoldSplit.of(fold: $0, cases: Self.names(12), folder: folder.url).validation.map { Int($0.suffix(2)) }
    }
    #expect(validation == [[0, 3, 8], [7, 10, 11], [6, 9], [1, 4], [2, 5]])
    #expect(FileManager.default.fileExists(atPath: folder.url.appending(path: "splits_final.pkl").path))
  }

  @Test func theFoldAllIsEverything() throws {
    let folder = try TemporaryFolder()
    let split = try FoldSplit.of(fold: nil, cases: Self.names(3), folder: folder.url)
    #expect(split.training == Self.names(3) && split.validation == Self.names(3))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
    #expect(throws: TrainingDataError.self) { try FoldSplit.of(fold: 0, cases: Self.names(3), folder: folder.url) }
  }

  /// What Python pickles of two folds, one as numpy's arrays of texts, one as lists: protocols 2, 4 and 5.
  private static let pickles = [
    "gAJdcQAoY2NvbGxlY3Rpb25zCk9yZGVyZWREaWN0CnEBKVJxAihYBQAAAHRyYWlucQNjbnVtcHkuY29yZS5tdWx0aWFycmF5Cl9yZWNvbnN0cn"
      + "VjdApxBGNudW1weQpuZGFycmF5CnEFSwCFcQZjX2NvZGVjcwplbmNvZGUKcQdYAQAAAGJxCFgGAAAAbGF0aW4xcQmGcQpScQuHcQxScQ0oSwFL"
      + "AoVxDmNudW1weQpkdHlwZQpxD1gCAAAAVTdxEImIh3ERUnESKEsDWAEAAAA8cRNOTk5LHEsESwh0cRRiiWgHWDgAAABjAAAAYQAAAHMAAABlAA"
      + "AAXwAAADEAAAAAAAAAYwAAAGEAAABzAAAAZQAAAF8AAAAyAAAAMgAAAHEVaAmGcRZScRd0cRhiWAMAAAB2YWxxGWgEaAVLAIVxGmgLh3EbUnEc"
      + "KEsBSwGFcR1oD1gCAAAAVTZxHomIh3EfUnEgKEsDaBNOTk5LGEsESwh0cSFiiWgHWBgAAABjAAAAYQAAAHMAAABlAAAAXwAAADMAAABxImgJhn"
      + "EjUnEkdHElYnVoASlScSYoaANdcScoWAYAAABjYXNlXzNxKFgGAAAAY2FzZV8xcSllaBldcSpjbnVtcHkuY29yZS5tdWx0aWFycmF5CnNjYWxh"
      + "cgpxK2gPWAIAAABVN3EsiYiHcS1ScS4oSwNoE05OTkscSwRLCHRxL2JoB1gcAAAAYwAAAGEAAABzAAAAZQAAAF8AAAAyAAAAMgAAAHEwaAmGcT"
      + "FScTKGcTNScTRhdWUu",
    "gASVswEAAAAAAABdlCiMC2NvbGxlY3Rpb25zlIwLT3JkZXJlZERpY3SUk5QpUpQojAV0cmFpbpSMFW51bXB5LmNvcmUubXVsdGlhcnJheZSMDF"
      + "9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFycmF5lJOUSwCFlEMBYpSHlFKUKEsBSwKFlGgJjAVkdHlwZZSTlIwCVTeUiYiHlFKUKEsDjAE8"
      + "lE5OTkscSwRLCHSUYolDOGMAAABhAAAAcwAAAGUAAABfAAAAMQAAAAAAAABjAAAAYQAAAHMAAABlAAAAXwAAADIAAAAyAAAAlHSUYowDdmFslG"
      + "gIaAtLAIWUaA2HlFKUKEsBSwGFlGgSjAJVNpSJiIeUUpQoSwNoFk5OTksYSwRLCHSUYolDGGMAAABhAAAAcwAAAGUAAABfAAAAMwAAAJR0lGJ1"
      + "aAMpUpQoaAVdlCiMBmNhc2VfM5SMBmNhc2VfMZRlaBpdlGgGjAZzY2FsYXKUk5RoEowCVTeUiYiHlFKUKEsDaBZOTk5LHEsESwh0lGJDHGMAAA"
      + "BhAAAAcwAAAGUAAABfAAAAMgAAADIAAACUhpRSlGF1ZS4=",
    "gAWVrwEAAAAAAABdlCiMC2NvbGxlY3Rpb25zlIwLT3JkZXJlZERpY3SUk5QpUpQojAV0cmFpbpSMEm51bXB5LmNvcmUubnVtZXJpY5SMC19mcm"
      + "9tYnVmZmVylJOUKJY4AAAAAAAAAGMAAABhAAAAcwAAAGUAAABfAAAAMQAAAAAAAABjAAAAYQAAAHMAAABlAAAAXwAAADIAAAAyAAAAlIwFbnVt"
      + "cHmUjAVkdHlwZZSTlIwCVTeUiYiHlFKUKEsDjAE8lE5OTkscSwRLCHSUYksChZSMAUOUdJRSlIwDdmFslGgIKJYYAAAAAAAAAGMAAABhAAAAcw"
      + "AAAGUAAABfAAAAMwAAAJRoDIwCVTaUiYiHlFKUKEsDaBBOTk5LGEsESwh0lGJLAYWUaBN0lFKUdWgDKVKUKGgFXZQojAZjYXNlXzOUjAZjYXNl"
      + "XzGUZWgWXZSMFW51bXB5LmNvcmUubXVsdGlhcnJheZSMBnNjYWxhcpSTlGgMjAJVN5SJiIeUUpQoSwNoEE5OTkscSwRLCHSUYkMcYwAAAGEAAA"
      + "BzAAAAZQAAAF8AAAAyAAAAMgAAAJSGlFKUYXVlLg==",
  ]

  @Test(arguments: pickles) func nnunetsSplitIsTakenAsItIs(pickle: String) throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "splits_final.pkl")
    try #require(Data(base64Encoded: pickle)).write(to: file)
    let cases = ["case_1", "case_22", "case_3"]
    let first = try FoldSplit.of(fold: 0, cases: cases, folder: folder.url)
    #expect(first.training == ["case_1", "case_22"] && first.validation == ["case_3"])
    let second = try FoldSplit.of(fold: 1, cases: cases, folder: folder.url)
    #expect(second.training == ["case_1", "case_3"] && second.validation == ["case_22"])
    // Beyond the file's: four fifths at random, always the same.
    let third = try FoldSplit.of(fold: 2, cases: Self.names(10), folder: folder.url)
    #expect(third.training.count == 8 && third.validation.count == 2)
    let error = #expect(throws: TrainingDataError.self) {
      try FoldSplit.of(fold: 0, cases: ["case_1", "case_3"], folder: folder.url)
    }
    #expect(error?.description.contains("case_22") == true)
  }
}
