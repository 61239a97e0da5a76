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
    let cases = try InputCases.find(folder.url, channels: 2)
    #expect(cases.map(\.name) == ["a", "b"])
    #expect(cases[0].channels.map(\.lastPathComponent) == ["a_0000.nii.gz", "a_0001.nii.gz"])
  }

  @Test func aMissingChannelIsNamed() throws {
    let folder = try folder(with: ["a_0000.nii.gz"])
    let error = #expect(throws: InputError.self) { try InputCases.find(folder.url, channels: 2) }
    #expect(error?.description.contains("a_0001.nii.gz") == true)
  }

  @Test func aSingleFileOfAnyNameIsACase() throws {
    let folder = try folder(with: ["brain.nii"])
    let cases = try InputCases.find(folder.url.appending(path: "brain.nii"), channels: 1)
    #expect(cases.map(\.name) == ["brain"])
  }

  @Test func theOtherChannelsOfAFileAreFoundBesideIt() throws {
    let folder = try folder(with: ["a_0000.nii.gz", "a_0001.nii.gz"])
    let cases = try InputCases.find(folder.url.appending(path: "a_0000.nii.gz"), channels: 2)
    #expect(cases.map(\.channels.count) == [2])
  }

  @Test func whatIsNotThereOrEmptyIsAnError() throws {
    let folder = try folder(with: ["readme.md"])
    #expect(throws: InputError.self) { try InputCases.find(folder.url, channels: 1) }
    #expect(throws: InputError.self) { try InputCases.find(folder.url.appending(path: "missing.nii"), channels: 1) }
  }
}
