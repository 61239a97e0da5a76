internal import Foundation
internal import Pickles
internal import Planning
public import Volumes

/// What nnU-Net keeps of a cropped case in `CASE.pkl`.
public struct CroppedProperties: Hashable, Sendable {
  /// Voxels of the image as it was, `[z, y, x]`.
  public var originalExtent: Extent
  /// In mm, `[z, y, x]`.
  public var spacing: Spacing
  /// What was kept of it.
  public var box: VoxelBox
  /// Paths of the image's files.
  public var images: [String]
  /// Path of the labels.
  public var label: String
  /// `[x, y, z]` as SimpleITK has them; directions row by row.
  public var itkOrigin: [Double]
  public var itkSpacing: [Double]
  public var itkDirection: [Double]
  /// The values of the label array, ascending, with -1 for what lies outside.
  public var values: [Int]

  func entries(usesMask: [Bool]?) -> [(String, PickleValue)] {
    func floats(_ values: [Double]) -> PickleValue { .tuple(values.map { .float($0) }) }
    func integers(_ values: [Int]) -> [PickleValue] { values.map { .integer(Int64($0)) } }
    var entries: [(String, PickleValue)] = [
      ("original_size_of_raw_data", .array(NumpyArray(integers: originalExtent.lengths))),
      ("original_spacing", .array(NumpyArray(doubles: spacing.millimetres))),
      ("list_of_data_files", .list(images.map { .string($0) })),
      ("seg_file", .string(label)),
      ("itk_origin", floats(itkOrigin)),
      ("itk_spacing", floats(itkSpacing)),
      ("itk_direction", floats(itkDirection)),
      ("crop_bbox", .list((0..<3).map { .list(integers([box.lower[$0], box.upper[$0]])) })),
      ("classes", .array(NumpyArray(doubles: values.map(Double.init)))),
      ("size_after_cropping", .tuple(integers(box.extent.lengths))),
    ]
    if let usesMask {
      entries.append(
        (
          "use_nonzero_mask_for_norm",
          .dictionary(
            PickleDictionary(
              entries: usesMask.enumerated().map { .init(key: .integer(Int64($0.offset)), value: .bool($0.element)) },
              isOrderedDict: true))
        ))
    }
    return entries
  }

  func write(_ url: URL, usesMask: [Bool]?) throws {
    try Self.write(entries(usesMask: usesMask), to: url)
  }

  static func write(_ entries: [(String, PickleValue)], to url: URL) throws {
    let value = PickleValue.dictionary(
      PickleDictionary(entries: entries.map { .init(key: .string($0.0), value: $0.1) }, isOrderedDict: true))
    try Data(try PickleWriter.write(value)).write(to: url, options: .atomic)
  }
}
