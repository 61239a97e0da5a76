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
    do {
      return try LabelMap(image: try MedicalImage.load(url, limits: limits))
    } catch var error as NiftiError {
      if error.code == .notLabels { error.fileName = url.lastPathComponent }
      throw error
    }
  }

  /// Reads a label map that is in memory.
  ///
  /// - Throws: `NiftiError`; `.notLabels` if a value isn't a whole number in 0...255.
  public init(file: [UInt8], limits: NiftiLimits = NiftiLimits()) throws {
    try self.init(image: try MedicalImage(files: [file], limits: limits))
  }

  private init(image: MedicalImage) throws {
    let labels = LabelVolume(
      extent: image.voxels.extent, storage: VoxelStorage(uninitialized: image.voxels.extent.count))
    for (index, value) in image.voxels.elements.enumerated() {
      guard let label = UInt8(exactly: value) else {
        throw NiftiError(
          .notLabels,
          "reading a label map needs whole numbers from 0 to 255, found \(value); give the labels, not the image")
      }
      labels.elements[index] = label
    }
    self.init(labels: labels, geometry: image.geometry)
  }
}
