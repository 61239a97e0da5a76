public import Volumes

/// Where an image lies in space, as its NIfTI header says it: carried along unchanged into every output for that image.
///
/// Numbers of a NIfTI-1 header are its float32 values, widened. All are finite, so that the geometry can travel as JSON.
public struct ImageGeometry: Hashable, Sendable, Codable {
  /// 2 if the file announces two axes, else 3.
  public let rank: Int
  /// `pixdim[0...3]`: qfac, then the spacing along x, y, z in the header's unit, as stored (possibly negative).
  public let pixdim: [Double]
  /// `xyzt_units`, the code of the units of space and time.
  public let xyztUnits: Int
  public let qformCode: Int
  public let sformCode: Int
  /// `quatern_b`, `quatern_c`, `quatern_d`.
  public let quaternion: [Double]
  /// `qoffset_x`, `qoffset_y`, `qoffset_z`.
  public let offset: [Double]
  /// `srow_x`, `srow_y`, `srow_z`: 3 rows of 4.
  public let sform: [Double]

  /// - Throws: `NiftiError` if a spacing isn't possible, or the position in use isn't finite.
  init(
    rank: Int, pixdim: [Double], xyztUnits: Int, qformCode: Int, sformCode: Int, quaternion: [Double],
    offset: [Double], sform: [Double]
  ) throws {
    self.rank = rank
    self.xyztUnits = xyztUnits
    self.qformCode = qformCode
    self.sformCode = sformCode
    var pixdim = pixdim
    // A slice has a thickness only if the header gives one.
    if rank == 2, !pixdim[3].isFinite || pixdim[3] == 0 { pixdim[3] = 1 }
    let unit = Self.millimetres(perUnit: xyztUnits)
    guard pixdim[1...3].allSatisfy({ Self.possibleSpacing.contains(abs($0) * unit) }) else {
      throw NiftiError(
        .spacing,
        """
        reading an image needs a spacing between 1e-6 and 1e6 mm along each axis, the header announces \
        \(pixdim[1...rank].map { "\($0 * unit)" }.joined(separator: " x ")) mm; correct pixdim in the header
        """)
    }
    if !pixdim[0].isFinite { pixdim[0] = 1 }
    self.pixdim = pixdim
    self.quaternion = try Self.finite(quaternion, neededBy: qformCode, "quaternion")
    self.offset = try Self.finite(offset, neededBy: qformCode, "offset")
    self.sform = try Self.finite(sform, neededBy: sformCode, "affine")
  }

  /// An axis-aligned image without a known place in the world.
  public init(spacing: Spacing) {
    rank = 3
    pixdim = [1, spacing.x, spacing.y, spacing.z]
    xyztUnits = Self.millimetres
    qformCode = 0
    sformCode = 0
    quaternion = [0, 0, 0]
    offset = [0, 0, 0]
    sform = [Double](repeating: 0, count: 12)
  }

  /// Refuses what no header could have said.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func numbers(_ key: CodingKeys, _ count: Int) throws -> [Double] {
      let values = try container.decode([Double].self, forKey: key)
      guard values.count == count else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container, debugDescription: "needs \(count) numbers, found \(values.count)")
      }
      return values
    }
    try self.init(
      rank: container.decode(Int.self, forKey: .rank) == 2 ? 2 : 3, pixdim: numbers(.pixdim, 4),
      xyztUnits: container.decode(Int.self, forKey: .xyztUnits),
      qformCode: container.decode(Int.self, forKey: .qformCode),
      sformCode: container.decode(Int.self, forKey: .sformCode), quaternion: numbers(.quaternion, 3),
      offset: numbers(.offset, 3), sform: numbers(.sform, 12))
  }

  /// NIfTI's code of millimetres without a unit of time.
  private static let millimetres = 2

  /// The values, or zeros where they mean nothing and aren't finite.
  private static func finite(_ values: [Double], neededBy code: Int, _ what: String) throws -> [Double] {
    if values.allSatisfy(\.isFinite) { return values }
    guard code <= 0 else {
      throw NiftiError(
        .geometry, "reading an image needs a finite \(what) of its place in space; correct the header's qform and sform"
      )
    }
    return values.map { $0.isFinite ? $0 : 0 }
  }

  /// Millimetres in one of the header's units: metres, millimetres and microns are known, all else is taken as mm, as by ITK.
  public var millimetresPerUnit: Double { Self.millimetres(perUnit: xyztUnits) }

  private static func millimetres(perUnit units: Int) -> Double {
    switch units & 7 {
    case 1: 1e3
    case 3: 1e-3
    default: 1
    }
  }

  /// mm. What lies outside is a mistake, and its volumes and extents could leave the range of numbers.
  private static let possibleSpacing = 1e-6...1e6

  /// mm, `[z, y, x]`: what SimpleITK reports, the header's float32 widened.
  public var spacing: Spacing {
    Spacing((1...3).reversed().map { abs(pixdim[$0]) * millimetresPerUnit })
  }

  /// The body's directions along the axes, or `nil` where the header has neither qform nor sform.
  public var orientation: Orientation? {
    qformCode > 0 || sformCode > 0 ? Orientation(itkDirection: itkDirection) : nil
  }
}
