import Foundation
import NiftiIO
import Testing
import Testkit
import Volumes

@Suite("Refusing what can't be right")
struct RefusalTests {
  private func expect(_ code: NiftiError.Code, _ change: (inout NiftiFile) -> Void) {
    var file = NiftiFile()
    change(&file)
    expect(code, file.file)
  }

  private func expect(_ code: NiftiError.Code, _ bytes: [UInt8]) {
    let error = #expect(throws: NiftiError.self) { try MedicalImage(files: [bytes]) }
    #expect(error?.code == code, "\(error?.description ?? "")")
  }

  @Test func notNifti() {
    expect(.notNifti, [])
    expect(.notNifti, Array("hello, world".utf8))
    expect(.notNifti) { $0.magic = "ni1" }
    expect(.notNifti) { $0.magic = "\0\0\0\0" }
    expect(.notNifti) {
      $0.version = 2
      $0.magic = "n+1"
    }
  }

  @Test func truncated() {
    let file = NiftiFile().file
    expect(.truncated, Array(file[0..<200]))
    expect(.truncated, Array(file.dropLast()))
    expect(.truncated) { $0.voxelOffset = 500 }
    expect(.truncated) { $0.dim = [3, 32767, 32767, 7, 1, 1, 1, 1] }
  }

  @Test func whatFollowsTheVoxels() {
    expect(.trailingBytes) { $0.data.append(0) }
    expect(.trailingBytes) { $0.dim[3] = 1 }
  }

  @Test func impossibleDimensions() {
    for dim in [
      [0, 4, 3, 2], [8, 4, 3, 2], [-1, 4, 3, 2], [1, 24, 1, 1], [3, -4, 3, 2], [3, 4, 0, 2], [4, 4, 3, 1, 2],
      [5, 2, 3, 1, 1, 4],
    ] {
      expect(.dimensions) { $0.dim = dim + [Int](repeating: 1, count: 8 - dim.count) }
    }
    for length in [Int.max, 1 << 40, 1 << 31] {
      expect(.dimensions) {
        $0.version = 2
        $0.dim = [3, length, length, length, 1, 1, 1, 1]
      }
    }
    for offset in [-1.0, .nan, .infinity, 1e30] { expect(.dimensions) { $0.voxelOffset = offset } }
    let small = NiftiLimits(voxels: 23)
    #expect(throws: NiftiError.self) { try MedicalImage(files: [NiftiFile().file], limits: small) }
  }

  @Test(arguments: [0, 1, 3, 32, 128, 1536, 1792, 2048, 2304, -7])
  func typesThatAreNoScalars(datatype: Int) {
    expect(.datatype) { $0.datatype = datatype }
  }

  @Test func spacingThatIsNone() {
    for value in [0.0, 1e-7, -1e-30, 2e6, 1e38, .nan, .infinity, -.infinity] {
      expect(.spacing) { $0.pixdim[2] = value }
    }
  }

  @Test func placesThatAreNowhere() {
    expect(.geometry) {
      $0.qformCode = 1
      $0.offset[1] = .nan
    }
    expect(.geometry) {
      $0.sformCode = 2
      $0.sform[5] = .infinity
    }
  }

  @Test func nothingButNaN() {
    expect(.noValues) { $0.data = NiftiFile.bytes([Float](repeating: .nan, count: 24)) }
  }

  @Test func channelsOfDifferentExtent() {
    var other = NiftiFile()
    other.dim = [3, 3, 4, 2, 1, 1, 1, 1]
    let error = #expect(throws: NiftiError.self) { try MedicalImage(files: [NiftiFile().file, other.file]) }
    #expect(error?.code == .mismatch)
  }

  @Test func filesThatAreNone() throws {
    let folder = try TemporaryFolder()
    for name in ["absent.nii", "."] {
      let error = #expect(throws: NiftiError.self) { try MedicalImage.load(folder.url.appending(path: name)) }
      #expect(error?.code == .unreadable)
    }
  }

  @Test func namesOfFilesAreGivenOnlyWhenAskedFor() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appending(path: "jane_doe.nii")
    try Data("nonsense".utf8).write(to: url)
    let error = #expect(throws: NiftiError.self) { try MedicalImage.load(url) }
    #expect(error.map { "\($0)".contains("jane_doe") } == false)
    #expect(error?.explanation.hasPrefix("jane_doe.nii: ") == true)
  }

  @Test func labelsThatAreNone() throws {
    let folder = try TemporaryFolder()
    for value in [-1, 0.5, 256, Float(1e30)] {
      var file = NiftiFile()
      file.data = NiftiFile.bytes([value] + [Float](repeating: 0, count: 23))
      let url = folder.url.appending(path: "labels.nii")
      try Data(file.file).write(to: url)
      let error = #expect(throws: NiftiError.self) { try LabelMap.load(url) }
      #expect(error?.code == .notLabels)
    }
  }
}
