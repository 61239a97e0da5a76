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
    let cropping = CroppingRecord(
      originalExtent: properties.originalExtent, originalSpacing: properties.originalSpacing, box: properties.cropBox,
      files: files, itkOrigin: itkOrigin, itkSpacing: itkSpacing, itkDirection: itkDirection)
    var entries =
      cropping.entries + [
        ("size_after_resampling", .integerTuple(properties.resampledExtent.lengths)),
        ("spacing_after_resampling", .doubleArray(properties.spacingAfterResampling.millimetres)),
      ]
    if case .regions(let order) = rule {
      entries.append(("regions_class_order", .integerTuple(order.map(Int.init))))
    }
    return .named(entries, isOrdered: true)
  }
}
