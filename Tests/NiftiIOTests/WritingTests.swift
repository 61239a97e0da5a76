import Foundation
import NiftiIO
import Testing
import Testkit
import Volumes

@Suite("Writing label maps")
struct WritingTests {
  private func labels(_ extent: Extent, seed: UInt64) -> LabelVolume {
    var random = SplitMix64(seed: seed)
    let labels = LabelVolume(extent: extent)
    for index in 0..<extent.count { labels.elements[index] = UInt8.random(in: 0...255, using: &random) }
    return labels
  }

  @Test func whatIsWrittenReadsBackWithTheSameGeometry() throws {
    let folder = try TemporaryFolder()
    var random = SplitMix64(seed: 11)
    for round in 0..<40 {
      var file = NiftiFile()
      func value(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &random) }
      file.version = round % 4 == 3 ? 2 : 1
      file.isBigEndian = round % 3 == 0
      file.datatype = 2
      file.pixdim = [round % 2 == 0 ? 1 : -1] + (0..<3).map { _ in Double(Float(value(0.1...6))) } + [0, 0, 0, 0]
      file.quaternion = (0..<3).map { _ in Double(Float(value(-0.5...0.5))) }
      file.offset = (0..<3).map { _ in Double(Float(value(-300...300))) }
      file.sform = (0..<12).map { _ in Double(Float(value(-3...3))) }
      file.qformCode = Int.random(in: 0...4, using: &random)
      file.sformCode = Int.random(in: 0...4, using: &random)
      file.units = [0, 1, 2, 3, 10][round % 5]
      file.dim[0] = round % 7 == 6 ? 2 : 3
      if file.dim[0] == 2 { file.dim[3] = 1 }
      file.data = [UInt8](repeating: 1, count: file.dim[3] * 12)
      let image = try MedicalImage(files: [file.file])
      let map = LabelMap(labels: labels(image.voxels.extent, seed: UInt64(round)), geometry: image.geometry)
      let url = folder.url.appending(path: "labels.nii.gz")
      try map.write(to: url)
      let back = try LabelMap.load(url)
      #expect(back.geometry == image.geometry)
      #expect(Array(back.labels.elements) == Array(map.labels.elements))
      #expect(try Array(Data(contentsOf: url)) == map.encoded())
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["labels.nii.gz"])
  }

  @Test func longAxesNeedNifti2() throws {
    let folder = try TemporaryFolder()
    let extent = Extent(z: 1, y: 2, x: 32_768)
    let map = LabelMap(
      labels: labels(extent, seed: 5), geometry: ImageGeometry(spacing: Spacing(z: 0.1, y: 0.2, x: 0.3)))
    let url = folder.url.appending(path: "long.nii.gz")
    try map.write(to: url)
    let back = try LabelMap.load(url)
    #expect(back.labels.extent == extent)
    #expect(back.geometry == map.geometry)
    #expect(Array(back.labels.elements) == Array(map.labels.elements))
  }

  @Test func gzipsHeaderHasNoTime() throws {
    let map = LabelMap(
      labels: labels(Extent(z: 2, y: 2, x: 2), seed: 1), geometry: ImageGeometry(spacing: Spacing(z: 1, y: 1, x: 1)))
    // RFC 1952: magic, deflate, no flags (so no name), four bytes of time.
    #expect(try Array(map.encoded()[0..<8]) == [0x1F, 0x8B, 8, 0, 0, 0, 0, 0])
  }

  @Test func whatCannotBeWrittenLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let map = LabelMap(
      labels: labels(Extent(z: 2, y: 2, x: 2), seed: 1), geometry: ImageGeometry(spacing: Spacing(z: 1, y: 1, x: 1)))
    let target = folder.url.appending(path: "taken.nii.gz")
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: false)
    let error = #expect(throws: NiftiError.self) { try map.write(to: target) }
    #expect(error?.code == .unwritable)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["taken.nii.gz"])
    #expect(throws: NiftiError.self) { try map.write(to: folder.url.appending(path: "no/such/labels.nii.gz")) }
  }
}
