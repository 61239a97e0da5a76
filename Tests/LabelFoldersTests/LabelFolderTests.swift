import Foundation
import LabelFolders
import NiftiIO
import PythonJSON
import Testing
import Testkit
import Volumes

/// Small label maps in files.
enum Maps {
  static let spacing = Spacing(z: 2, y: 0.5, x: 1)

  /// A row of labels as a volume of 1 x 1 x n voxels.
  static func write(_ labels: [UInt8], to file: URL) throws {
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    let volume = LabelVolume(extent: Extent(z: 1, y: 1, x: labels.count))
    _ = volume.elements.update(fromContentsOf: labels)
    try LabelMap(labels: volume, geometry: ImageGeometry(spacing: spacing)).write(to: file)
  }

  static func read(_ file: URL) throws -> [UInt8] {
    let map = try LabelMap.load(file)
    return withExtendedLifetime(map) { Array(map.labels.elements) }
  }
}

@Suite struct LabelFolderTests {
  @Test func allMissingCounterpartsAreNamedAtOnce() throws {
    let folder = try TemporaryFolder()
    for name in ["a", "b", "c"] { try Maps.write([1], to: folder.url.appending(path: "ref/\(name).nii.gz")) }
    for name in ["b", "d"] { try Maps.write([1], to: folder.url.appending(path: "pred/\(name).nii.gz")) }
    let predictions = try LabelFolder(folder.url.appending(path: "pred"))
    let references = try LabelFolder(folder.url.appending(path: "ref"))
    let error = #expect(throws: LabelFolderError.self) {
      try LabelFolder.pairs(predictions: predictions, references: references)
    }
    for name in ["a.nii.gz", "c.nii.gz", "d.nii.gz"] { #expect(error?.description.contains(name) == true) }
    #expect(error?.description.contains("b.nii.gz") == false)
  }

  @Test func aFolderWithoutLabelMapsIsAnError() throws {
    let folder = try TemporaryFolder()
    try Data().write(to: folder.url.appending(path: "summary.json"))
    #expect(throws: LabelFolderError.self) { try LabelFolder(folder.url) }
    #expect(throws: LabelFolderError.self) { try LabelFolder(folder.url.appending(path: "missing")) }
  }

  @Test func resultsKeepTheOrderOfTheCasesAndFailuresStayWithTheirs() {
    struct Odd: Error {}
    let results = ConcurrentCases.map(Array(0..<40), threads: 3) { number, pool in
      if number % 7 == 3 { throw Odd() }
      return number * pool.threads
    }
    #expect(results.count == 40)
    for (number, result) in results.enumerated() {
      switch result {
      case .success(let value): #expect(value == number && number % 7 != 3)
      case .failure: #expect(number % 7 == 3)
      }
    }
  }
}
