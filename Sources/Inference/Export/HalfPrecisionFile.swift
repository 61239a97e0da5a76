public import Foundation
public import Volumes

/// Class probabilities of a cropped image in float16, as a numpy array `[channel, z, y, x]` in the image's axis order in a temporary
/// file: what nnU-Net's `--save_npz` keeps may be too large for memory.
///
/// The file has no name, so nothing is left of it when the process dies. Its space is reserved at once, so a full disk is an error
/// here and not a signal while the mapping is written.
public final class HalfPrecisionFile: @unchecked Sendable {  // written in disjoint places within one `ComputePool` call
  public let channels: Int
  /// The cropped image.
  public let extent: Extent
  /// The order in which rows arrive: axis `i` of the stream is axis `axes.order[i]` of `extent`.
  public let axes: AxisOrder
  private let place: Placement
  private let width: Int
  private let descriptor: Int32
  private let mapping: UnsafeMutableRawBufferPointer
  private let values: UnsafeMutablePointer<UInt16>

  /// - Parameter folder: where there is room for 2 bytes for each of `channels * extent.count` values.
  /// - Throws: `InferenceError.Code.unwritableFile`.
  public init(channels: Int, extent: Extent, axes: AxisOrder, in folder: URL) throws {
    let header = NumpyHeader(descriptor: "<f2", shape: [channels] + extent.lengths).encoded
    let bytes = header.count + channels * extent.count * MemoryLayout<UInt16>.stride
    let opened = try Self.open(bytes: bytes, in: folder)
    descriptor = opened.descriptor
    mapping = opened.mapping
    mapping.copyBytes(from: header)
    // A numpy header is a multiple of 64 bytes long, so the values behind it are aligned.
    values = (mapping.baseAddress! + header.count).bindMemory(to: UInt16.self, capacity: channels * extent.count)
    self.channels = channels
    self.extent = extent
    self.axes = axes
    place = Placement(axes: axes, in: extent, at: Extent(z: 0, y: 0, x: 0))
    width = axes.apply(extent).x
  }

  deinit {
    munmap(mapping.baseAddress, mapping.count)
    close(descriptor)
  }

  /// A path by which this process can read the whole `.npy` file while this object lives, though it has no name.
  var path: String { "/proc/self/fd/\(descriptor)" }

  /// Writes a row of the stream, rounded to the nearest float16, ties to even.
  func write(_ row: UnsafePointer<Float>, channel: Int, plane: Int, row index: Int) {
    let target = values + channel * extent.count + place.offset(plane: plane, row: index)
    for x in 0..<width { target[x * place.columnStride] = Float16(row[x]).bitPattern.littleEndian }
  }

  private static func open(
    bytes: Int, in folder: URL
  ) throws -> (descriptor: Int32, mapping: UnsafeMutableRawBufferPointer) {
    func failure(_ code: Int32) -> InferenceError {
      InferenceError(
        .unwritableFile,
        "Keeping the probabilities needs a temporary file of \(bytes) bytes in \(folder.path), which the system refuses: "
          + "\(String(cString: strerror(code))); free some space or do without --save_npz.")
    }
    var template = Array(folder.appending(path: "tessera-probabilities-XXXXXX").path.utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw failure(errno) }
    unlink(template)
    let refusal = posix_fallocate(descriptor, 0, off_t(bytes))
    guard refusal == 0 else {
      close(descriptor)
      throw failure(refusal)
    }
    guard let address = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), address != MAP_FAILED
    else {
      let code = errno
      close(descriptor)
      throw failure(code)
    }
    return (descriptor, UnsafeMutableRawBufferPointer(start: address, count: bytes))
  }
}
