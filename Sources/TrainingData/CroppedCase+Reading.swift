public import Foundation
internal import Volumes

extension CroppedCase {
  /// Whether both of a case's files are in `folder`.
  public static func isThere(_ name: String, in folder: URL) -> Bool {
    ["npz", "pkl"].allSatisfy { FileManager.default.fileExists(atPath: folder.appending(path: "\(name).\($0)").path) }
  }

  /// Reads what nnU-Net or Tessera wrote.
  /// - Throws: `TrainingDataError`, `NumpyFileError`, `PickleError`, and what the zip reader throws.
  public init(reading name: String, in folder: URL) throws {
    let archive = try TrainingArchive(reading: folder.appending(path: "\(name).npz"))
    let properties = try CroppedProperties(reading: folder.appending(path: "\(name).pkl"))
    guard properties.cropping.box.extent == archive.volume.extent else {
      throw TrainingDataError(
        "\(name).npz and \(name).pkl in \(folder.path) don't belong together; remove both and plan again.")
    }
    self.init(name: name, volume: archive.volume, labels: archive.labels, properties: properties)
  }
}
