public import Foundation
internal import Kernels
internal import NumpyFiles
internal import ScratchFiles
public import Volumes

/// Class probabilities of a cropped image in float16, as a numpy array `[channel, z, y, x]` in the image's axis order in a temporary
/// file: what nnU-Net's `--save_npz` keeps may be too large for memory.
///
/// Written in disjoint places within one `ComputePool` call, which makes `@unchecked Sendable` right.
public final class HalfPrecisionFile: UnloadableMemory, @unchecked Sendable {
  public let channels: Int
  /// The cropped image.
  public let extent: Extent
  /// The order in which rows arrive: axis `i` of the stream is axis `axes.order[i]` of `extent`.
  public let axes: AxisOrder
  private let place: Placement
  private let width: Int
  private let mapping: ScratchMapping
  private let values: UnsafeMutablePointer<UInt16>

  /// - Parameter folder: where there is room for 2 bytes for each of `channels * extent.count` values.
  /// - Throws: `InferenceError.Code.unwritableFile`.
  public init(channels: Int, extent: Extent, axes: AxisOrder, in folder: URL) throws {
    let header = NumpyHeader(descriptor: "<f2", shape: [channels] + extent.lengths).encoded
    let bytes = header.count + channels * extent.count * MemoryLayout<UInt16>.stride
    mapping = try ScratchMapping.probabilities(bytes: bytes, in: folder)
    mapping.bytes.copyBytes(from: header)
    // A numpy header is a multiple of 64 bytes long, so the values behind it are aligned.
    values = (mapping.bytes.baseAddress! + header.count).bindMemory(to: UInt16.self, capacity: channels * extent.count)
    self.channels = channels
    self.extent = extent
    self.axes = axes
    place = Placement(axes: axes, in: extent, at: Extent(z: 0, y: 0, x: 0))
    width = axes.apply(extent).x
  }

  /// The whole `.npy` file, while this object lives: what a blob store can keep and `ProbabilityMap` reads.
  public var npy: UnsafeRawBufferPointer { UnsafeRawBufferPointer(mapping.bytes) }

  /// A path by which this process can read the whole `.npy` file while this object lives, though it has no name.
  var path: String { mapping.path }

  /// Takes what was written out of memory; it is in the file.
  func unload() { mapping.unload() }

  /// Writes a row of the stream, rounded to the nearest float16, ties to even.
  func write(_ row: UnsafePointer<Float>, channel: Int, plane: Int, row index: Int) {
    let target = values + channel * extent.count + place.offset(plane: plane, row: index)
    guard place.columnStride > 1 else { return HalfPrecisionKernels.narrow(row, into: target, count: width) }
    for x in 0..<width { target[x * place.columnStride] = Float16(row[x]).bitPattern.littleEndian }
  }
}
