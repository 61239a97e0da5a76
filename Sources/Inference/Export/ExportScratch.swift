internal import Volumes

/// Memory in which each worker makes rows of labels from planes of the network's grid.
struct ExportScratch: Sendable {
  /// Values from a class's row to the next class's. An odd number of cache lines, so that the classes of one place don't compete
  /// for the same part of the processor's cache.
  let rowStride: Int
  private let classes: Int
  private let width: Int
  private let lineCount: Int
  /// `[worker]`, each: `[slot, class, column]`, then a row between two steps.
  private let doubles: VoxelStorage<Double>
  private let floats: VoxelStorage<Float>
  private let bytes: VoxelStorage<UInt8>

  /// - Parameters:
  ///   - width: columns of the image.
  ///   - lineCount: values between two steps of the interpolation.
  init(threads: Int, classes: Int, width: Int, lineCount: Int) {
    self.classes = classes
    self.width = width
    self.lineCount = lineCount
    rowStride = Self.rowStride(width)
    doubles = VoxelStorage(count: threads * Self.doubles(classes, width, lineCount), repeating: 0)
    floats = VoxelStorage(count: threads * width, repeating: 0)
    bytes = VoxelStorage(count: threads * width, repeating: 0)
  }

  static func bytes(threads: Int, classes: Int, width: Int, lineCount: Int) -> Int {
    threads * (doubles(classes, width, lineCount) * MemoryLayout<Double>.stride + width * 5)
  }

  private static func rowStride(_ width: Int) -> Int { ((width + 7) / 8 | 1) * 8 }

  private static func doubles(_ classes: Int, _ width: Int, _ lineCount: Int) -> Int {
    2 * classes * rowStride(width) + (lineCount + 7) / 8 * 8
  }

  /// All classes of a row of the plane in `slot`, 0 or 1: `[class, column]`.
  func rows(_ worker: Int, slot: Int) -> UnsafeMutablePointer<Double> { start(worker) + slot * classes * rowStride }

  /// A row between two steps.
  func line(_ worker: Int) -> UnsafeMutablePointer<Double> { start(worker) + 2 * classes * rowStride }

  /// A row of one class between two planes.
  func values(_ worker: Int) -> UnsafeMutablePointer<Float> { floats.elements.baseAddress! + worker * width }

  func labels(_ worker: Int) -> UnsafeMutablePointer<UInt8> { bytes.elements.baseAddress! + worker * width }

  private func start(_ worker: Int) -> UnsafeMutablePointer<Double> {
    doubles.elements.baseAddress! + worker * Self.doubles(classes, width, lineCount)
  }
}
