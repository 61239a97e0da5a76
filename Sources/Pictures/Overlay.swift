public import Volumes

/// A picture of a segmentation for a quick look: three planes through its centre of mass, or a mosaic of slices, labels in colour, and a
/// legend in mL.
public struct Overlay: Sendable {
  /// Float32 `[channel, z, y, x]`; the first channel is shown.
  public let image: ChannelVolume
  /// `[z, y, x]`, on the image's grid.
  public let labels: LabelVolume
  /// mm.
  public let spacing: Spacing
  /// The body's directions along the axes; without them the planes are named after the array's axes.
  public let orientation: Orientation?
  /// Labels' names; one without a name is called by its number.
  public let names: [Int: String]
  /// A line above the planes.
  public let title: String?
  /// Which intensities are black and which white.
  public let window: IntensityWindow

  /// - Throws: `PictureError` unless image and labels have one extent, with at least one voxel, and the spacing is possible.
  public init(
    image: ChannelVolume, labels: LabelVolume, spacing: Spacing, orientation: Orientation? = nil,
    names: [Int: String] = [:], title: String? = nil, window: IntensityWindow = .automatic
  ) throws {
    guard image.extent == labels.extent, image.extent.count > 0, image.channels > 0 else {
      throw PictureError(
        "a picture needs an image and labels on one grid, found \(image.extent) and \(labels.extent) voxels (z, y, x)")
    }
    // So that no size on paper leaves the range of numbers.
    guard spacing.millimetres.allSatisfy({ (1e-6...1e6).contains($0) }) else {
      throw PictureError("a picture needs a spacing between 1e-6 and 1e6 mm, found \(spacing)")
    }
    self.image = image
    self.labels = labels
    self.spacing = spacing
    self.orientation = orientation
    self.names = names
    self.title = title
    self.window = window
  }

  /// The bytes of a PNG file; the same input gives the same bytes.
  ///
  /// - Throws: `PictureError` if encoding fails.
  public func png() throws -> [UInt8] { try PNGEncoder.encode(OverlayLayout(self).paint()) }

  /// A contact sheet as PNG: evenly spaced slices through the segmented region of one plane, cut to it.
  ///
  /// - Parameter plane: 0 axial, 1 coronal, 2 sagittal; `nil` for the one whose slices lie farthest apart.
  /// - Throws: `PictureError` if encoding fails.
  public func mosaic(plane: Int? = nil) throws -> [UInt8] {
    try PNGEncoder.encode(MosaicLayout(self, plane: plane.map { min(max($0, 0), 2) }).paint())
  }
}
