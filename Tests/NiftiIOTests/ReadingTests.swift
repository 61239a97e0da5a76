import Foundation
import NiftiIO
import Testing
import Testkit
import Volumes

@Suite("Reading NIfTI files")
struct ReadingTests {
  private func voxels(_ file: NiftiFile) throws -> [Float] {
    let image = try MedicalImage(files: [file.file])
    return withExtendedLifetime(image) { Array(image.voxels.elements) }
  }

  /// What SimpleITK 2.5 reports for the fixtures; sums are of float32 values in float64.
  @Test(arguments: [
    (
      "Task501/images/colin_permuted", [90, 90, 108], [2.0, 2, 2], [90.0, 126, 110],
      [0.0, 0, -1, -1, 0, 0, 0, -1, 0], 58523050.0785418
    ),
    (
      "Task501/images/colin_small", [22, 35, 28], [2, 2, 2], [90, 126, -72], [-1, 0, 0, 0, -1, 0, 0, 0, 1],
      7619795.0
    ),
    (
      "Task501/images/colin_thick", [43, 181, 151], [4.199999809265137, 1.2000000476837158, 1.2000000476837158],
      [90, 126, -72], [-1, 0, 0, 0, -1, 0, 0, 0, 1], 65471076.778927475
    ),
    (
      "demo/images/colin27", [90, 108, 90], [2, 2, 2], [90, 126, -72], [-1, 0, 0, 0, -1, 0, 0, 0, 1], 77919922.0
    ),
  ])
  func fixturesReadAsSimpleITKReadsThem(
    name: String, extent: [Int], spacing: [Double], origin: [Double], direction: [Double], sum: Double
  ) throws {
    let image = try MedicalImage.load(Fixtures.directory.appending(path: "\(name)_0000.nii.gz"))
    #expect(image.voxels.extent.lengths == extent)
    #expect(image.spacing.millimetres == spacing)
    #expect(image.geometry.itkOrigin == origin)
    #expect(image.geometry.itkDirection == direction)
    let total = image.voxels.elements.reduce(0.0) { $0 + Double($1) }
    #expect(abs(total - sum) <= 1e-9 * sum)
  }

  @Test(arguments: [1, 2], [false, true])
  func everyNumericTypeReads(version: Int, bigEndian: Bool) throws {
    func check<T: Numeric>(_ datatype: Int, _ values: [T], _ expected: [Float]) throws {
      var file = NiftiFile()
      file.version = version
      file.isBigEndian = bigEndian
      file.datatype = datatype
      file.dim = [3, values.count, 1, 1, 1, 1, 1, 1]
      file.data = NiftiFile.bytes(values, bigEndian: bigEndian)
      let image = try MedicalImage(files: [file.file])
      #expect(Array(image.voxels.elements) == expected, "datatype \(datatype)")
      #expect(image.spacing == Spacing(z: 4, y: 3, x: 2))
    }
    try check(2, [UInt8(0), 7, 255], [0, 7, 255])
    try check(256, [Int8(-128), 7, 127], [-128, 7, 127])
    try check(4, [Int16(-32768), 7, 32767], [-32768, 7, 32767])
    try check(512, [UInt16(0), 7, 65535], [0, 7, 65535])
    try check(8, [Int32.min, 16_777_217, .max], [-2_147_483_648, 16_777_216, 2_147_483_648])
    try check(768, [UInt32(0), 16_777_219, .max], [0, 16_777_220, 4_294_967_296])
    try check(1024, [Int64.min, 16_777_217, .max], [Float(Int64.min), 16_777_216, Float(Int64.max)])
    try check(1280, [UInt64(0), 16_777_219, .max], [0, 16_777_220, Float(UInt64.max)])
    try check(16, [Float(-1.5), .leastNonzeroMagnitude, 1e38], [-1.5, .leastNonzeroMagnitude, 1e38])
    try check(64, [-1.5, 0.1, 1e300], [-1.5, 0.1, .infinity])
  }

  /// Results of SimpleITK 2.5, cast to float32 by NumPy, for the int16 voxels 0, 1, 2.
  @Test(arguments: [
    (0.0, 0.0, [Float(0), 1, 2]), (0, 5, [5, 6, 7]), (1, 0, [0, 1, 2]), (1, 5, [5, 6, 7]),
    (2, .nan, [0, 2, 4]), (.nan, .nan, [0, 1, 2]), (.infinity, 0, [0, 1, 2]), (0.1, -1, [-1, -0.9, -0.8]),
  ])
  func slopeAndInterceptApplyAsInITK(slope: Double, intercept: Double, expected: [Float]) throws {
    var file = NiftiFile()
    file.slope = slope
    file.intercept = intercept
    file.datatype = 4
    file.dim = [3, 3, 1, 1, 1, 1, 1, 1]
    file.data = NiftiFile.bytes([Int16(0), 1, 2])
    #expect(try voxels(file) == expected)
    file.datatype = 64
    file.data = NiftiFile.bytes([0.0, 1, 2])
    #expect(try voxels(file) == expected)
  }

  /// Results of SimpleITK 2.5 for the voxels NaN, infinity, -infinity, 4.
  @Test(arguments: [(0.0, 0.0, [Float(0), 0, 0, 4]), (2, 5, [5, 5, 5, 13]), (0, 3, [3, 3, 3, 7])])
  func whatIsNoNumberCountsAsZero(slope: Double, intercept: Double, expected: [Float]) throws {
    var file = NiftiFile()
    (file.slope, file.intercept) = (slope, intercept)
    file.dim = [3, 4, 1, 1, 1, 1, 1, 1]
    file.datatype = 16
    file.data = NiftiFile.bytes([Float.nan, .infinity, -.infinity, 4])
    #expect(try voxels(file) == expected)
    file.datatype = 64
    file.data = NiftiFile.bytes([Double.nan, .infinity, -.infinity, 4])
    #expect(try voxels(file) == expected)
  }

  /// SimpleITK 2.5 gives 1677720.6, 1677720.9, 1677721.0: integers lose digits before they are rescaled.
  @Test func integersAreRoundedBeforeTheyAreRescaled() throws {
    var file = NiftiFile()
    file.slope = 0.1
    file.intercept = -1
    file.datatype = 8
    file.dim = [3, 3, 1, 1, 1, 1, 1, 1]
    file.data = NiftiFile.bytes([Int32(16_777_217), 16_777_218, 16_777_219])
    #expect(try voxels(file) == [1677720.6, 1677720.9, 1677721.0])
  }

  @Test func arraysKeepTheFilesOrder() throws {
    let image = try MedicalImage(files: [NiftiFile().file])
    #expect(image.voxels.extent == Extent(z: 2, y: 3, x: 4))
    #expect(image.voxels[0, 1, 2, 3] == 23)
    #expect(image.voxels[0, 0, 1, 0] == 4)
  }

  @Test func oneSliceAndTrailingAxesOfLengthOneRead() throws {
    var file = NiftiFile()
    file.dim = [2, 6, 4, 9, 9, 9, 9, 9]
    let slice = try MedicalImage(files: [file.file])
    #expect(slice.voxels.extent == Extent(z: 1, y: 4, x: 6))
    #expect(slice.geometry.rank == 2)
    file.dim = [7, 4, 3, 2, 1, 1, 1, 1]
    #expect(try MedicalImage(files: [file.file]).voxels.extent == Extent(z: 2, y: 3, x: 4))
  }

  @Test func voxelsMayStartFarBehindTheHeader() throws {
    var file = NiftiFile()
    file.voxelOffset = 400
    file.data = [UInt8](repeating: 7, count: 48) + file.data
    #expect(try MedicalImage(files: [file.file]).voxels[0, 0, 0, 1] == 1)
  }

  /// SimpleITK starts right behind the header's 348 bytes then.
  @Test func aSmallVoxelOffsetMeansBehindTheHeader() throws {
    var file = NiftiFile()
    file.voxelOffset = 0
    file.data.removeLast(4)
    #expect(try voxels(file)[0..<3] == [0, 0, 1])
  }

  @Test func channelsStackInOrderAndGeometryComesFromTheFirst() throws {
    var second = NiftiFile()
    second.pixdim = [1, 9, 9, 9, 0, 0, 0, 0]
    second.data = NiftiFile.bytes((0..<24).map { Float(100 + $0) })
    let image = try MedicalImage(files: [NiftiFile().file, second.file])
    #expect(image.voxels.channels == 2)
    #expect(image.voxels[1, 0, 0, 1] == 101)
    #expect(image.spacing == Spacing(z: 4, y: 3, x: 2))
  }

  @Test func contentDecidesNotTheName() throws {
    let folder = try TemporaryFolder()
    let blob = folder.url.appending(path: "3f2a")
    try Data(contentsOf: Fixtures.directory.appending(path: "Task501/images/colin_small_0000.nii.gz")).write(to: blob)
    #expect(try MedicalImage.load(blob).voxels.extent == Extent(z: 22, y: 35, x: 28))
  }
}
