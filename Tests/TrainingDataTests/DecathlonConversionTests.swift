import Foundation
import Kernels
import NiftiIO
import Testing
import Testkit
import TrainingData
import Volumes

@Suite struct DecathlonConversionTests {
  /// A NIfTI-1 file of int16 with as many volumes; voxel `v` of volume `n` is `100 n + v`.
  private static func image(volumes: Int, bigEndian: Bool = false) -> Data {
    var bytes = [UInt8](repeating: 0, count: 352)
    func set(_ value: some FixedWidthInteger, _ offset: Int) {
      withUnsafeBytes(of: bigEndian ? value.bigEndian : value.littleEndian) {
        bytes.replaceSubrange(offset..<offset + $0.count, with: $0)
      }
    }
    set(Int32(348), 0)
    let lengths = [volumes > 1 ? 4 : 3, 4, 3, 2, volumes, 1, 1, 1]
    for (axis, length) in lengths.enumerated() { set(Int16(length), 40 + 2 * axis) }
    set(Int16(4), 70)
    set(Int16(16), 72)
    for (axis, value) in [1, 1.5, 2, 3, 1].enumerated() { set(Float(value).bitPattern, 76 + 4 * axis) }
    set(Float(352).bitPattern, 108)
    set(Float(0.5).bitPattern, 112)
    set(Int16(1), 254)
    for (place, value) in [1.5, 0, 0, -7, 0, 2, 0, 5, 0, 0, 3, 11].enumerated() {
      set(Float(value).bitPattern, 280 + 4 * place)
    }
    bytes.replaceSubrange(344..<348, with: Array("n+1\0".utf8))
    for volume in 0..<volumes {
      for voxel in 0..<24 {
        withUnsafeBytes(
          of: bigEndian ? Int16(100 * volume + voxel).bigEndian : Int16(100 * volume + voxel).littleEndian
        ) {
          bytes += $0
        }
      }
    }
    return Data(bytes)
  }

  private static func task(in folder: URL) throws -> URL {
    let task = folder.appending(path: "Task07_Tiny")
    for name in ["imagesTr", "labelsTr", "imagesTs"] {
      try FileManager.default.createDirectory(at: task.appending(path: name), withIntermediateDirectories: true)
    }
    // Uncompressed inside a .nii.gz is read too: what counts is the content.
    try image(volumes: 3).write(to: task.appending(path: "imagesTr/one.nii.gz"))
    try image(volumes: 3, bigEndian: true).write(to: task.appending(path: "imagesTr/two.nii.gz"))
    try image(volumes: 1).write(to: task.appending(path: "imagesTs/three.nii.gz"))
    try Data("rubbish".utf8).write(to: task.appending(path: "imagesTr/._one.nii.gz"))
    try image(volumes: 1).write(to: task.appending(path: "labelsTr/one.nii.gz"))
    try Data("{}".utf8).write(to: task.appending(path: "dataset.json"))
    return task
  }

  @Test func channelsBecomeFiles() throws {
    let folder = try TemporaryFolder()
    let source = try Self.task(in: folder.url)
    let raw = folder.url.appending(path: "raw")
    let conversion = try DecathlonConversion(of: source, number: 107)
    #expect(conversion.task == "Task107_Tiny")
    let made = try conversion.run(to: raw, overwrites: false, pool: ComputePool(threads: 2)) { _ in }
    func names(_ folder: String) throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: made.appending(path: folder).path).sorted()
    }
    #expect(try names("imagesTr") == ["one", "two"].flatMap { one in (0..<3).map { "\(one)_000\($0).nii.gz" } })
    #expect(try names("imagesTs") == ["three_0000.nii.gz"])
    #expect(try names("labelsTr") == ["one.nii.gz"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: raw.path) == ["Task107_Tiny"])
    let whole = try MedicalImage.load(source.appending(path: "imagesTs/three.nii.gz")).geometry
    for one in ["one", "two"] {
      for channel in 0..<3 {
        let image = try MedicalImage.load(made.appending(path: "imagesTr/\(one)_000\(channel).nii.gz"))
        #expect(Array(image.voxels.elements) == (0..<24).map { Float(100 * channel + $0) / 2 })
        #expect(image.geometry == whole)
      }
    }
    // Nothing of the user's is gone.
    #expect(FileManager.default.fileExists(atPath: source.appending(path: "imagesTr/._one.nii.gz").path))
  }

  @Test func aTaskThatIsThereIsLeftAlone() throws {
    let folder = try TemporaryFolder()
    let conversion = try DecathlonConversion(of: try Self.task(in: folder.url))
    #expect(conversion.task == "Task007_Tiny")
    let there = folder.url.appending(path: "raw/Task007_Tiny/mine")
    try FileManager.default.createDirectory(at: there, withIntermediateDirectories: true)
    let (raw, pool) = (folder.url.appending(path: "raw"), ComputePool(threads: 1))
    #expect(throws: TrainingDataError.self) { try conversion.run(to: raw, overwrites: false, pool: pool) { _ in } }
    #expect(FileManager.default.fileExists(atPath: there.path))
    _ = try conversion.run(to: raw, overwrites: true, pool: pool) { _ in }
    #expect(!FileManager.default.fileExists(atPath: there.path))
  }

  @Test func whatIsNoTaskIsRefused() throws {
    let folder = try TemporaryFolder()
    let source = try Self.task(in: folder.url)
    let renamed = folder.url.appending(path: "Task7_Tiny")
    try FileManager.default.copyItem(at: source, to: renamed)
    #expect(throws: TrainingDataError.self) { try DecathlonConversion(of: renamed) }
    try FileManager.default.removeItem(at: source.appending(path: "labelsTr"))
    #expect(throws: TrainingDataError.self) { try DecathlonConversion(of: source) }
  }

  @Test func aFileThatEndsEarlyLeavesNoTask() throws {
    let folder = try TemporaryFolder()
    let source = try Self.task(in: folder.url)
    try Self.image(volumes: 3).dropLast(3).write(to: source.appending(path: "imagesTr/one.nii.gz"))
    let raw = folder.url.appending(path: "raw")
    let conversion = try DecathlonConversion(of: source)
    #expect(throws: NiftiError.self) {
      try conversion.run(to: raw, overwrites: false, pool: ComputePool(threads: 1)) { _ in }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: raw.path) == [])
  }
}
