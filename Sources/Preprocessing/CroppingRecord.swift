public import Pickles
public import Volumes

/// What nnU-Net notes when it crops a case: the entries that every `CASE.pkl` has (nnunet/preprocessing/cropping.py).
public struct CroppingRecord: Hashable, Sendable {
  /// `original_size_of_raw_data`, voxels `[z, y, x]`.
  public var originalExtent: Extent
  /// `original_spacing`, mm, `[z, y, x]`.
  public var originalSpacing: Spacing
  /// `crop_bbox`: the box around the nonzero voxels.
  public var box: VoxelBox
  /// `list_of_data_files`: the images' names, as the caller knows them.
  public var files: [String]
  /// `seg_file`: that of the labels, of a training case.
  public var labelFile: String?
  /// The place of the first voxel as SimpleITK reports it, `[x, y, z]` in mm.
  public var itkOrigin: [Double]
  /// The spacing as SimpleITK reports it, `[x, y, z]` in mm.
  public var itkSpacing: [Double]
  /// Direction cosines as SimpleITK reports them, 3 by 3, row by row.
  public var itkDirection: [Double]

  public init(
    originalExtent: Extent, originalSpacing: Spacing, box: VoxelBox, files: [String], labelFile: String? = nil,
    itkOrigin: [Double], itkSpacing: [Double], itkDirection: [Double]
  ) {
    self.originalExtent = originalExtent
    self.originalSpacing = originalSpacing
    self.box = box
    self.files = files
    self.labelFile = labelFile
    self.itkOrigin = itkOrigin
    self.itkSpacing = itkSpacing
    self.itkDirection = itkDirection
  }

  /// Reads what nnU-Net or Tessera wrote. What only resampling and training need may be missing.
  /// - Throws: `CaseFieldsError`.
  public init(_ fields: CaseFields) throws(CaseFieldsError) {
    originalExtent = Extent(try fields.lengths("original_size_of_raw_data"))
    itkSpacing = try fields.numbers("itk_spacing", count: 3)
    itkOrigin = try fields.numbers("itk_origin", count: 3)
    itkDirection = try fields.numbers("itk_direction", count: 9)
    guard itkSpacing.allSatisfy({ $0 > 0 }) else {
      throw CaseFieldsError("'itk_spacing' is \(itkSpacing), expected positive numbers")
    }
    box = try fields.box(in: originalExtent)
    originalSpacing = Spacing(try fields.optionalNumbers("original_spacing", count: 3) ?? itkSpacing.reversed())
    files = fields["list_of_data_files"]?.elements?.compactMap(\.text) ?? []
    labelFile = fields["seg_file"]?.text
  }

  /// As nnU-Net orders them.
  public var entries: [(String, PickleValue)] {
    [
      ("original_size_of_raw_data", .integerArray(originalExtent.lengths)),
      ("original_spacing", .doubleArray(originalSpacing.millimetres)),
      ("list_of_data_files", .list(files.map(PickleValue.string))),
      ("seg_file", labelFile.map(PickleValue.string) ?? .none),
      ("itk_origin", .floatTuple(itkOrigin)),
      ("itk_spacing", .floatTuple(itkSpacing)),
      ("itk_direction", .floatTuple(itkDirection)),
      ("crop_bbox", .list((0..<3).map { .integers([box.lower[$0], box.upper[$0]]) })),
      ("size_after_cropping", .integerTuple(box.extent.lengths)),
    ]
  }
}
