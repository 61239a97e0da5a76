public import Foundation
internal import NiftiIO
internal import NumpyFiles
internal import Preprocessing
public import Volumes

/// A case cut to its nonzero part, as nnU-Net keeps it in `nnUNet_cropped_data/TASK` (nnunet/preprocessing/cropping.py).
public struct CroppedCase: Sendable {
  public let name: String
  /// Float32 `[channel, z, y, x]`.
  public let volume: ChannelVolume
  /// Labels plus 1; 0 where nnU-Net has -1, outside the nonzero region and without a label.
  public let labels: LabelVolume
  public let properties: CroppedProperties

  init(name: String, volume: ChannelVolume, labels: LabelVolume, properties: CroppedProperties) {
    self.name = name
    self.volume = volume
    self.labels = labels
    self.properties = properties
  }

  /// Reads and crops a case.
  /// - Throws: `NiftiError`, or `TrainingDataError` for one that has nothing in it or whose labels don't fit.
  public init(cropping raw: RawCase) throws {
    let image = try MedicalImage.load(channels: raw.images)
    let map = try LabelMap.load(raw.label)
    guard map.labels.extent == image.voxels.extent else {
      throw TrainingDataError(
        "The labels of \(raw.name) have \(map.labels.extent) voxels (zyx), its image \(image.voxels.extent); resample one of them."
      )
    }
    guard let box = NonzeroRegion.box(of: image.voxels) else {
      throw TrainingDataError("The image of \(raw.name) is zero everywhere; take the case out of dataset.json.")
    }
    let region = NonzeroRegion.mask(of: image.voxels).cropped(to: box)
    let labels = map.labels.cropped(to: box)
    var present = [Bool](repeating: false, count: 257)
    for index in 0..<labels.elements.count {
      let label = labels.elements[index]
      guard label < 255 else {
        throw TrainingDataError("The labels of \(raw.name) have the value 255; at most 254 can be used.")
      }
      labels.elements[index] = label == 0 && region.elements[index] == 0 ? 0 : label + 1
      present[Int(labels.elements[index])] = true
    }
    name = raw.name
    volume = image.voxels.cropped(to: box)
    self.labels = labels
    properties = CroppedProperties(
      cropping: CroppingRecord(
        originalExtent: image.voxels.extent, originalSpacing: image.spacing, box: box, files: raw.images.map(\.path),
        labelFile: raw.label.path, itkOrigin: image.geometry.itkOrigin, itkSpacing: image.geometry.itkSpacing,
        itkDirection: image.geometry.itkDirection),
      values: present.indices.filter { present[$0] }.map { $0 - 1 })
  }

  /// Writes `CASE.npz` and `CASE.pkl`.
  /// - Throws: what writing throws.
  public func write(to folder: URL) throws {
    try TrainingArchive(volume: volume, labels: labels).write(folder.appending(path: "\(name).npz"))
    try properties.write(folder.appending(path: "\(name).pkl"), usesMask: nil)
  }
}

/// Voxels and labels in one array, as nnU-Net's `.npz` hold them: float32 `[channel…, label; z, y, x]`, -1 outside the nonzero region.
struct TrainingArchive {
  var volume: ChannelVolume
  /// Labels plus 1.
  var labels: LabelVolume

  init(volume: ChannelVolume, labels: LabelVolume) {
    self.volume = volume
    self.labels = labels
  }

  func write(_ url: URL) throws {
    let values = [Float](unsafeUninitializedCapacity: volume.elements.count + labels.elements.count) { buffer, count in
      _ = buffer.update(fromContentsOf: volume.elements)
      for (index, label) in labels.elements.enumerated() { buffer[volume.elements.count + index] = Float(label) - 1 }
      count = volume.elements.count + labels.elements.count
    }
    try ArrayArchive<Float>(shape: [volume.channels + 1] + volume.extent.lengths, values: values)
      .write(to: url.path, member: "data")
  }

  init(reading url: URL) throws {
    let archive = try ArrayArchive<Float>(reading: url.path, member: "data")
    guard archive.shape.count == 4, archive.shape[0] > 1 else {
      throw TrainingDataError("\(url.path) isn't a cropped case [channel, z, y, x]; remove it and plan again.")
    }
    let extent = Extent(Array(archive.shape[1...]))
    let channels = archive.shape[0] - 1
    volume = ChannelVolume(
      channels: channels, extent: extent, storage: VoxelStorage(uninitialized: channels * extent.count))
    labels = LabelVolume(extent: extent, storage: VoxelStorage(uninitialized: extent.count))
    for index in 0..<volume.elements.count { volume.elements[index] = archive.values[index] }
    for index in 0..<extent.count {
      let value = archive.values[volume.elements.count + index] + 1
      guard (0...255).contains(value), value == value.rounded() else {
        throw TrainingDataError(
          "\(url.path) has the label \(value - 1), expected whole numbers from -1 to 254; remove it and plan again.")
      }
      labels.elements[index] = UInt8(value)
    }
  }
}
