public import Foundation
public import Volumes

/// A label map and where it lies.
public struct LabelMap: Sendable {
  /// `[z, y, x]`, x fastest, in the order of the image that it belongs to.
  public let labels: LabelVolume
  public let geometry: ImageGeometry

  /// - Parameter geometry: of the image that was segmented.
  public init(labels: LabelVolume, geometry: ImageGeometry) {
    self.labels = labels
    self.geometry = geometry
  }

  /// Reads a label map of any numeric type.
  ///
  /// - Throws: `NiftiError`; `.notLabels` if a value isn't a whole number in 0...255.
  public static func load(_ url: URL, limits: NiftiLimits = NiftiLimits()) throws -> LabelMap {
    let image = try MedicalImage.load(url, limits: limits)
    let labels = LabelVolume(
      extent: image.voxels.extent, storage: VoxelStorage(uninitialized: image.voxels.extent.count))
    for (index, value) in image.voxels.elements.enumerated() {
      guard let label = UInt8(exactly: value) else {
        var error = NiftiError(
          .notLabels,
          "reading a label map needs whole numbers from 0 to 255, found \(value); give the labels, not the image")
        error.fileName = url.lastPathComponent
        throw error
      }
      labels.elements[index] = label
    }
    return LabelMap(labels: labels, geometry: image.geometry)
  }
}
