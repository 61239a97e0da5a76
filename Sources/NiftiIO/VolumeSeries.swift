public import Foundation
internal import Volumes

/// A NIfTI file with several volumes, as the Medical Segmentation Decathlon has its channels, taken apart into one file a volume.
///
/// The last axis is the slowest, so a volume is a stretch of the file: type, scale, place in space and every stored bit stay as they are.
public struct VolumeSeries {
  private let header: HeaderBytes
  /// What is between header and voxels: NIfTI's extensions.
  private let between: [UInt8]
  private let stream: InflatingStream
  private let volumeBytes: Int
  /// How many volumes there are: 1 for an image of three axes.
  public let count: Int

  /// Voxels of a volume, so that no file claims all memory.
  private static let largest = 1 << 33

  /// Reads the header.
  /// - Throws: `NiftiError` for a file that isn't NIfTI, has more than four axes, or can't hold what its header announces.
  public init(file url: URL) throws {
    do {
      try self.init(ByteSource(file: url))
    } catch var error as NiftiError {
      error.fileName = url.lastPathComponent
      throw error
    }
  }

  private init(_ source: ByteSource) throws {
    let stream = try InflatingStream(source)
    self.stream = stream
    let prefix = try Self.read(4, from: stream)
    let (size, isBigEndian) = try NiftiHeader.size(prefix: prefix)
    var header = HeaderBytes(bytes: prefix + (try Self.read(size - 4, from: stream)), isBigEndian: isBigEndian)
    let isSecond = size == NiftiHeader.size2
    func length(_ axis: Int) -> Int {
      isSecond ? Int(header.integer(Int64.self, at: 16 + 8 * axis)) : Int(header.integer(Int16.self, at: 40 + 2 * axis))
    }
    let rank = length(0)
    guard (3...4).contains(rank), length(1) > 0, length(2) > 0, length(3) > 0, rank == 3 || length(4) > 0 else {
      throw NiftiError(
        .dimensions, "taking volumes apart needs 3 or 4 axes, the header announces \(rank); split the file by hand")
    }
    count = rank == 4 ? length(4) : 1
    if isSecond {
      header.set(Int64(3), at: 16)
      header.set(Int64(1), at: 16 + 8 * 4)
    } else {
      header.set(Int16(3), at: 40)
      header.set(Int16(1), at: 40 + 2 * 4)
    }
    // As any other image from here on: the same checks.
    let single = try NiftiHeader(header)
    guard single.extent.count <= Self.largest, count <= 1 << 16 else {
      throw NiftiError(.dimensions, "the header announces \(count) volumes of \(single.extent) voxels (z, y, x)")
    }
    volumeBytes = single.voxelBytes
    let (all, overflow) = volumeBytes.multipliedReportingOverflow(by: count)
    guard !overflow, all <= stream.greatestCount else {
      throw NiftiError(
        .truncated,
        "the header announces \(count) volumes of \(single.extent) voxels (z, y, x), which the file can't hold")
    }
    guard single.voxelOffset - size <= stream.greatestCount else {
      throw NiftiError(.dimensions, "the header puts the voxels behind the file's end: byte \(single.voxelOffset)")
    }
    between = try Self.read(single.voxelOffset - size, from: stream)
    self.header = header
  }

  /// Writes each volume as `.nii.gz`, one after the other: one is in memory. To be called once.
  /// - Parameter name: of a volume's file.
  /// - Throws: `NiftiError` where the file ends too early, and what writing throws.
  public func write(inParallel loop: ParallelLoop = LabelMap.oneAfterAnother, to name: (_ volume: Int) -> URL) throws {
    let head = header.bytes + between
    for volume in 0..<count {
      let voxels = try Self.read(volumeBytes, from: stream)
      let bytes = try head.withUnsafeBytes { head in
        try voxels.withUnsafeBytes { try GzipEncoder.encode([head, $0], inParallel: loop) }
      }
      try Data(bytes).write(to: name(volume), options: .atomic)
    }
  }

  private static func read(_ count: Int, from stream: InflatingStream) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: max(0, count))
    let got = try bytes.withUnsafeMutableBytes { try stream.read(into: $0) }
    guard got == bytes.count else {
      throw NiftiError(
        .truncated, "the file ends too early: \(count) bytes were expected, \(got) are there; copy it again")
    }
    return bytes
  }
}
