internal import Pickles
public import Preprocessing
internal import Volumes

/// nnU-Net's `CASE.pkl`: what `nnUNet_ensemble` needs beside `CASE.npz` to make a label map (nnunet/preprocessing/cropping.py,
/// nnunet/inference/segmentation_export.py). Left out is `classes`, the values of nnU-Net's cropping mask, which nothing reads.
public struct CasePickle: Hashable, Sendable {
  public var properties: CaseProperties
  /// The place of the first voxel as SimpleITK reports it, `[x, y, z]` in mm.
  public var itkOrigin: [Double]
  /// The spacing as SimpleITK reports it, `[x, y, z]` in mm.
  public var itkSpacing: [Double]
  /// Direction cosines as SimpleITK reports them, 3 by 3, row by row.
  public var itkDirection: [Double]
  /// The images' names, as the caller knows them.
  public var files: [String]
  /// Of the label map that goes with it.
  public var rule: LabelRule

  public init(
    properties: CaseProperties, itkOrigin: [Double], itkSpacing: [Double], itkDirection: [Double], files: [String],
    rule: LabelRule
  ) {
    self.properties = properties
    self.itkOrigin = itkOrigin
    self.itkSpacing = itkSpacing
    self.itkDirection = itkDirection
    self.files = files
    self.rule = rule
  }

  /// The pickle's bytes.
  /// - Throws: what the pickle writer throws for values that are too long.
  public func encoded() throws -> [UInt8] {
    try PickleWriter.write(value)
  }

  private var value: PickleValue {
    func floats(_ values: [Double]) -> PickleValue { .tuple(values.map { .float($0) }) }
    func integers(_ values: [Int]) -> [PickleValue] { values.map { .integer(Int64($0)) } }
    let box = properties.cropBox
    var entries: [(String, PickleValue)] = [
      ("original_size_of_raw_data", .array(NumpyArray(integers: properties.originalExtent.lengths))),
      ("original_spacing", .array(NumpyArray(doubles: properties.originalSpacing.millimetres))),
      ("list_of_data_files", .list(files.map { .string($0) })),
      ("seg_file", .none),
      ("itk_origin", floats(itkOrigin)),
      ("itk_spacing", floats(itkSpacing)),
      ("itk_direction", floats(itkDirection)),
      ("crop_bbox", .list((0..<3).map { .list(integers([box.lower[$0], box.upper[$0]])) })),
      ("size_after_cropping", .tuple(integers(properties.croppedExtent.lengths))),
      ("size_after_resampling", .tuple(integers(properties.resampledExtent.lengths))),
      ("spacing_after_resampling", .array(NumpyArray(doubles: properties.spacingAfterResampling.millimetres))),
    ]
    if case .regions(let order) = rule {
      entries.append(("regions_class_order", .tuple(integers(order.map(Int.init)))))
    }
    return .dictionary(
      PickleDictionary(
        entries: entries.map { PickleDictionary.Entry(key: .string($0.0), value: $0.1) }, isOrderedDict: true))
  }
}
