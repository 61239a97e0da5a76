import Foundation
import Testing
import Testkit

@testable import Commands

@Suite struct InputCasesTests {
  private func folder(with files: [String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for file in files { try Data().write(to: folder.url.appending(path: file)) }
    return folder
  }

  @Test func aFolderHoldsACaseForEachSetOfChannels() throws {
    let folder = try folder(with: ["b_0000.nii.gz", "b_0001.nii.gz", "a_0000.nii.gz", "a_0001.nii.gz", "notes.txt"])
    let cases = try InputCases.find(folder.url, channels: 2).cases
    #expect(cases.map(\.name) == ["a", "b"])
    #expect(cases[0].channels.map(\.lastPathComponent) == ["a_0000.nii.gz", "a_0001.nii.gz"])
  }

  @Test func aCaseWithAChannelTooFewOrTooManyIsNamedAndTheOthersStay() throws {
    let folder = try folder(with: [
      "few_0000.nii.gz", "good_0000.nii.gz", "good_0001.nii.gz", "many_0000.nii.gz", "many_0001.nii.gz",
      "many_0002.nii.gz",
    ])
    let found = try InputCases.find(folder.url, channels: 2)
    #expect(found.cases.map(\.name) == ["good"])
    #expect(found.unusable.map(\.name) == ["few", "many"])
    #expect(found.unusable[0].reason.contains("few_0001.nii.gz"))
    #expect(found.unusable[1].reason.contains("many_0002.nii.gz"))
  }

  @Test func partsAreDealtOutAsNnunetDoes() throws {
    let folder = try folder(with: (0..<7).map { "case\($0)_0000.nii.gz" })
    let found = try InputCases.find(folder.url, channels: 1)
    #expect(found.part(0, of: 3).cases.map(\.name) == ["case0", "case3", "case6"])
    #expect(found.part(2, of: 3).cases.map(\.name) == ["case2", "case5"])
    #expect(found.part(6, of: 8).cases.map(\.name) == ["case6"])
    #expect(found.part(7, of: 8).cases.isEmpty)
  }

  @Test func aSingleFileOfAnyNameIsACase() throws {
    let folder = try folder(with: ["brain.nii"])
    let cases = try InputCases.find(folder.url.appending(path: "brain.nii"), channels: 1).cases
    #expect(cases.map(\.name) == ["brain"])
  }

  @Test func theOtherChannelsOfAFileAreFoundBesideIt() throws {
    let folder = try folder(with: ["a_0000.nii.gz", "a_0001.nii.gz"])
    let cases = try InputCases.find(folder.url.appending(path: "a_0000.nii.gz"), channels: 2).cases
    #expect(cases.map(\.channels.count) == [2])
  }

  @Test func whatIsNotThereOrEmptyIsAnError() throws {
    let folder = try folder(with: ["readme.md"])
    #expect(throws: InputError.self) { try InputCases.find(folder.url, channels: 1) }
    #expect(throws: InputError.self) { try InputCases.find(folder.url.appending(path: "missing.nii"), channels: 1) }
  }
}
