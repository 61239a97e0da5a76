internal import Volumes

/// What the header of a NIfTI-1 or NIfTI-2 file says, checked before anything is allocated.
///
/// niftilib reads headers too, but trusts them: dimensions, offsets and extensions of a hostile file reach its allocations.
struct NiftiHeader {
  /// Bytes of a NIfTI-1 and of a NIfTI-2 header.
  static let size1 = 348
  static let size2 = 540

  var isBigEndian: Bool
  /// Where the voxels start, in bytes from the start of the (inflated) file.
  var voxelOffset: Int
  var extent: Extent
  var datatype: NiftiDatatype
  /// What a stored value is multiplied with; 1 where the header says nothing.
  var slope: Double
  /// What is added then.
  var intercept: Double
  var geometry: ImageGeometry

  /// Bytes of all voxels.
  var voxelBytes: Int { extent.count * datatype.size }

  /// Bytes of the header that starts with `prefix` (its first four bytes).
  ///
  /// - Throws: `NiftiError.Code.notNifti`.
  static func size(prefix: [UInt8]) throws -> (size: Int, isBigEndian: Bool) {
    for isBigEndian in [false, true] where prefix.count >= 4 {
      let size = HeaderBytes(bytes: prefix, isBigEndian: isBigEndian).integer(Int32.self, at: 0)
      if size == size1 || size == size2 { return (Int(size), isBigEndian) }
    }
    throw NiftiError(
      .notNifti,
      "reading an image needs a NIfTI-1 or NIfTI-2 file (.nii or .nii.gz); this file doesn't start with a NIfTI header")
  }

  /// Parses a whole header.
  init(_ header: HeaderBytes) throws {
    let isSecond = header.bytes.count == Self.size2
    try Self.checkMagic(header, isSecond: isSecond)
    isBigEndian = header.isBigEndian
    func number(_ first: Int, _ second: Int) -> Double {
      isSecond ? header.double(at: second) : header.float(at: first)
    }

    let dimensions = (0..<8).map {
      isSecond
        ? Int(header.integer(Int64.self, at: 16 + 8 * $0)) : Int(header.integer(Int16.self, at: 40 + 2 * $0))
    }
    extent = try Self.extent(dimensions)
    datatype = try NiftiDatatype.supported(code: Int(header.integer(Int16.self, at: isSecond ? 12 : 70)))
    voxelOffset = try Self.voxelOffset(header, isSecond: isSecond)

    // As ITK reads them: what isn't finite counts as absent, a slope of 0 as 1, and then the intercept still counts.
    let slope = number(112, 176)
    let intercept = number(116, 184)
    self.slope = slope.isFinite && abs(slope) > Double.ulpOfOne ? slope : 1
    self.intercept = intercept.isFinite ? intercept : 0

    geometry = try ImageGeometry(
      rank: dimensions[0] == 2 ? 2 : 3,
      pixdim: (0..<4).map { number(76 + 4 * $0, 104 + 8 * $0) },
      xyztUnits: isSecond ? Int(header.integer(Int32.self, at: 500)) : Int(header.bytes[123]),
      qformCode: isSecond
        ? Int(header.integer(Int32.self, at: 344)) : Int(header.integer(Int16.self, at: 252)),
      sformCode: isSecond
        ? Int(header.integer(Int32.self, at: 348)) : Int(header.integer(Int16.self, at: 254)),
      quaternion: (0..<3).map { number(256 + 4 * $0, 352 + 8 * $0) },
      offset: (0..<3).map { number(268 + 4 * $0, 376 + 8 * $0) },
      sform: (0..<12).map { number(280 + 4 * $0, 400 + 8 * $0) })
  }

  private static func checkMagic(_ header: HeaderBytes, isSecond: Bool) throws {
    let magic = isSecond ? Array(header.bytes[4..<8]) : Array(header.bytes[344..<348])
    if magic == Array(isSecond ? "n+2\0".utf8 : "n+1\0".utf8) { return }
    let isPair = magic == Array(isSecond ? "ni2\0".utf8 : "ni1\0".utf8)
    throw NiftiError(
      .notNifti,
      isPair
        ? "reading an image needs header and voxels in one file; this is the header of a .hdr/.img pair, convert it to .nii"
        : "reading an image needs a NIfTI file; this header has no NIfTI magic (ANALYZE 7.5 files are not read)")
  }

  /// `[z, y, x]` from `dim`: two or three axes, and more only with length 1.
  private static func extent(_ dimensions: [Int]) throws -> Extent {
    let rank = dimensions[0]
    guard (2...7).contains(rank) else {
      throw NiftiError(
        .dimensions, "reading an image needs 3 axes (2 are taken as one slice), the header announces \(rank)")
    }
    let lengths = Array(dimensions[1...rank])
    guard lengths.allSatisfy({ $0 > 0 }) else {
      throw NiftiError(.dimensions, "reading an image needs axes of at least 1 voxel, the header announces \(lengths)")
    }
    guard lengths.dropFirst(3).allSatisfy({ $0 == 1 }) else {
      throw NiftiError(
        .dimensions,
        """
        reading an image needs one volume, the header announces \(lengths), that is several of them; split the file into one \
        file a volume
        """)
    }
    // No axis so long that a product of sizes could overflow.
    var count = 1
    for length in lengths {
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard !overflow, product <= Int.max / 64 else {
        throw NiftiError(.dimensions, "the header announces impossible dimensions: \(lengths)")
      }
      count = product
    }
    return Extent(z: lengths.count > 2 ? lengths[2] : 1, y: lengths[1], x: lengths[0])
  }

  /// Files that say less than the header's size mean just behind it, as niftilib has it.
  private static func voxelOffset(_ header: HeaderBytes, isSecond: Bool) throws -> Int {
    let offset = isSecond ? Double(header.integer(Int64.self, at: 168)) : header.float(at: 108)
    guard offset >= 0, offset < Double(1 << 40) else {
      throw NiftiError(.dimensions, "the header puts the voxels at an impossible place in the file: byte \(offset)")
    }
    return max(Int(offset), header.bytes.count)
  }
}
