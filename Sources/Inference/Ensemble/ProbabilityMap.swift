internal import Kernels
internal import NumpyFiles
public import Volumes
internal import Wording

/// Class probabilities of a cropped image, `[class, z, y, x]` in the image's axis order, in memory of another owner: a mapped file,
/// a blob. Nothing is copied, so as many maps as an ensemble has members cost address space, not memory.
///
///     let member = try ProbabilityMap(npy: bytes, owner: blob)
///     let member = try SoftmaxArchive.open(npz, scratch: folder)
public struct ProbabilityMap: @unchecked Sendable {  // bytes that `owner` keeps alive and that nobody writes any more
  /// How values are stored, little-endian.
  public enum Precision: Hashable, Sendable {
    /// float16: what nnU-Net and Tessera write.
    case half
    /// float32.
    case single

    var size: Int { self == .half ? 2 : 4 }
  }

  public let channels: Int
  /// The cropped image.
  public let extent: Extent
  public let precision: Precision
  /// The values alone, perhaps unaligned.
  let values: UnsafeRawBufferPointer
  private let owner: any AnyObject & Sendable

  /// The probabilities that were kept while a case was exported. Nobody may write them any more.
  public init(_ file: HalfPrecisionFile) {
    channels = file.channels
    extent = file.extent
    precision = .half
    let size = file.channels * file.extent.count * Precision.half.size
    values = UnsafeRawBufferPointer(rebasing: file.npy.suffix(size))
    owner = file
  }

  /// A numpy array in the format of `.npy` files, of float16 or float32.
  /// - Parameters:
  ///   - npy: the whole file.
  ///   - owner: keeps `npy` alive and unchanged.
  ///   - name: of the file, for errors.
  /// - Throws: `InferenceError.Code.unreadableFile` for anything else.
  public init(npy: UnsafeRawBufferPointer, owner: any AnyObject & Sendable, name: String = "the array") throws {
    let (header, length): (NumpyHeader, Int)
    do {
      (header, length) = try NumpyHeader.read(npy)
    } catch {
      throw InferenceError(.unreadableFile, "\(error)")
    }
    let precisions: [String: Precision] = ["<f2": .half, "<f4": .single]
    guard let precision = precisions[header.descriptor], !header.isFortranOrder, header.shape.count == 4 else {
      throw Self.unreadable(
        name,
        "it holds an array of type \(header.descriptor.quotable()) with \(header.shape.count) axes\(header.isFortranOrder ? " in Fortran order" : ""), "
          + "expected <f2 or <f4 with 4 axes, [class, z, y, x], in C order")
    }
    guard header.elementCount > 0, npy.count - length == header.elementCount * precision.size else {
      throw Self.unreadable(name, "its shape \(header.shape) doesn't fit its \(npy.count - length) bytes")
    }
    channels = header.shape[0]
    extent = Extent(Array(header.shape.dropFirst()))
    self.precision = precision
    values = UnsafeRawBufferPointer(rebasing: npy[length...])
    self.owner = owner
  }

  static func unreadable(_ name: String, _ why: String) -> InferenceError {
    InferenceError(
      .unreadableFile,
      "Reading the probabilities in \(name) failed because \(why); make them again with nnUNet_predict or tessera and --save_npz."
    )
  }

  /// Gives memory back until values are read again, where they lie in a file of this module's.
  func unload() { (owner as? any UnloadableMemory)?.unload() }

  /// Widens `count` values from an index of `[class, z, y, x]` on, exactly.
  func read(from index: Int, count: Int, into target: UnsafeMutablePointer<Float>) {
    switch precision {
    case .half: HalfPrecisionKernels.widen(values.baseAddress! + 2 * index, into: target, count: count)
    case .single: for offset in 0..<count { target[offset] = value(at: index + offset) }
    }
  }

  /// The value at an index of `[class, z, y, x]`, widened exactly.
  func value(at index: Int) -> Float {
    switch precision {
    case .half:
      let bits = values.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
      return Float(Float16(bitPattern: UInt16(littleEndian: bits)))
    case .single:
      let bits = values.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
      return Float(bitPattern: UInt32(littleEndian: bits))
    }
  }
}
