import Foundation
import LabelFolders
import Postprocessing
import Testing
import Testkit

@Suite struct FolderPostprocessingTests {
  @Test func eachMapIsWrittenAndABadOneIsNamed() throws {
    let folder = try TemporaryFolder()
    let (input, output) = (folder.url.appending(path: "in"), folder.url.appending(path: "out"))
    try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
    try Maps.write([1, 1, 0, 1, 2, 0], to: input.appending(path: "a.nii.gz"))
    try Data("no image".utf8).write(to: input.appending(path: "b.nii.gz"))
    let jobs = ["a.nii.gz", "b.nii.gz"].map {
      FolderPostprocessing.Job(name: $0, input: input.appending(path: $0), output: output.appending(path: $0))
    }
    let rules = PostprocessingRules(items: [.label(1)])
    let outcome = FolderPostprocessing.apply(rules, to: jobs, threads: 2)
    #expect(try Maps.read(output.appending(path: "a.nii.gz")) == [1, 1, 0, 0, 2, 0])
    #expect(outcome.findings.map(\.removedComponents) == [1])
    #expect(outcome.findings.map(\.removedMillilitres) == [0.001])
    #expect(outcome.failed.map(\.name) == ["b.nii.gz"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: output.path) == ["a.nii.gz"])
  }

  @Test func aMapCanBeReplacedByItsOwnResult() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "a.nii.gz")
    try Maps.write([2, 0, 2, 2], to: file)
    let job = FolderPostprocessing.Job(name: "a", input: file, output: file)
    _ = FolderPostprocessing.apply(PostprocessingRules(items: nil), to: [job], threads: 1)
    #expect(try Maps.read(file) == [0, 0, 2, 2])
  }
}
