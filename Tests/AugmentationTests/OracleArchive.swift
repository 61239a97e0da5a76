import Augmentation
import Foundation
import NumpyFiles
import Testing
import Testkit
import Volumes

/// What batchgenerators and nnU-Net made (Tests/Peers/oracle_augmentation.py).
struct OracleArchive: Sendable {
  let path: String

  static let committed = OracleArchive(
    path: Fixtures.directory.appending(path: "augmentation/transforms.npz").path)

  func array(_ name: String) throws -> ArrayArchive<Float> { try ArrayArchive<Float>(reading: path, member: name) }

  func parameters(_ name: String) throws -> [Double] { try array("\(name).parameters").values.map(Double.init) }

  /// `[channel, z, y, x]`.
  func image(_ name: String) throws -> ChannelVolume {
    let array = try array(name)
    let volume = ChannelVolume(channels: array.shape[0], extent: Extent(Array(array.shape[1...])))
    _ = volume.elements.update(fromContentsOf: array.values)
    return volume
  }

  /// One more than the labels, by label channel.
  func labels(_ name: String) throws -> [LabelVolume] {
    let array = try array(name)
    let extent = Extent(Array(array.shape.suffix(3)))
    return (0..<array.values.count / extent.count).map { channel in
      let volume = LabelVolume(extent: extent)
      for index in 0..<extent.count { volume.elements[index] = UInt8(array.values[channel * extent.count + index] + 1) }
      return volume
    }
  }

  func sample(_ image: String = "volume", _ labels: String = "labels") throws -> Sample {
    Sample(image: try self.image(image), labels: try self.labels(labels))
  }
}

/// The largest difference of two images.
func difference(_ one: ChannelVolume, _ other: ChannelVolume) -> Float {
  guard one.extent == other.extent, one.channels == other.channels else { return .infinity }
  return zip(one.elements, other.elements).map { $0 == $1 ? 0 : abs($0 - $1) }.max() ?? 0
}

func equal(_ one: [LabelVolume], _ other: [LabelVolume]) -> Bool {
  one.count == other.count
    && zip(one, other).allSatisfy { $0.extent == $1.extent && $0.elements.elementsEqual($1.elements) }
}
