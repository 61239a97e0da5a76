import FleetContracts
import Foundation
import Testing
import Testkit

@testable import Fleet

@Suite struct WatchedFolderTests {
  private func file(_ name: String, size: Int = 1) -> WatchedCase.File {
    WatchedCase.File(name: name, size: size, modified: Date(timeIntervalSince1970: 0))
  }

  @Test func casesAreFoundByTheNamesOfNnunet() {
    let cases = WatchedCase.cases(
      among: [
        "b_0001.nii.gz", "b_0000.nii.gz", "b.json", "a_b_0000.nii", ".c_0000.nii.gz", "d.nii.gz", "e_000.nii.gz",
        "_0000.nii.gz", "f_0000.nii.gz.part", "g.json",
      ].map { file($0) })
    #expect(cases.map(\.name) == ["a_b", "b"])
    #expect(cases.last?.images.map(\.name) == ["b_0000.nii.gz", "b_0001.nii.gz"])
    #expect(cases.last?.manifest?.name == "b.json" && cases.first?.manifest == nil)
  }

  @Test func aCaseIsFinishedWhenItHasBeenQuietOrHasAManifest() {
    var quiet = QuietTime(.seconds(5))
    let start = ContinuousClock.now
    func finished(_ files: [WatchedCase.File], after seconds: Int) -> [String] {
      quiet.finished(WatchedCase.cases(among: files), now: start + .seconds(seconds)).map(\.name)
    }
    #expect(finished([file("a_0000.nii.gz")], after: 0) == [])
    #expect(finished([file("a_0000.nii.gz", size: 2)], after: 4) == [])
    #expect(finished([file("a_0000.nii.gz", size: 2)], after: 8) == [])
    #expect(finished([file("a_0000.nii.gz", size: 2), file("b_0000.nii.gz"), file("b.json")], after: 9) == ["a", "b"])
    // Gone and come again is new.
    #expect(finished([], after: 10) == [])
    #expect(finished([file("a_0000.nii.gz", size: 2)], after: 11) == [])
  }

  @Test func aMoveThatWasInterruptedIsEnded() throws {
    let scratch = try TemporaryFolder()
    let folder = WatchedFolder(url: scratch.url.appending(path: "in"))
    try folder.prepare()
    func write(_ name: String) throws { try Data(name.utf8).write(to: folder.url.appending(path: name)) }
    func exists(_ name: String) -> Bool {
      FileManager.default.fileExists(atPath: folder.url.appending(path: name).path)
    }
    for name in ["a_0000.nii.gz", "a_0001.nii.gz", "a.json", "ab_0000.nii.gz"] { try write(name) }
    try folder.move("a", to: .failed, error: "It can't be read.")
    // As it was in the middle of the move.
    try FileManager.default.moveItem(
      at: folder.url.appending(path: "failed/a_0001.nii.gz"), to: folder.url.appending(path: "a_0001.nii.gz"))
    try Data(#"{"end": "failed", "error": "It can't be read."}"#.utf8)
      .write(to: folder.url.appending(path: ".tessera/a.moving"))
    try folder.finishMoves()
    #expect(["failed/a_0000.nii.gz", "failed/a_0001.nii.gz", "failed/a.json", "failed/a.error.txt"].allSatisfy(exists))
    #expect(exists("ab_0000.nii.gz") && !exists("a_0001.nii.gz") && !exists(".tessera/a.moving"))

    let run = RunID()
    try folder.remember(run, of: "a")
    #expect(try folder.runs() == [run: "a"])
    folder.forgetRun(of: "a")
    #expect(try folder.runs() == [:])
  }
}
