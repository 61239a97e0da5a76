import Foundation
import NumpyFiles
import Pickles

/// Preprocessed cases as nnU-Net's folder has them, made for a test.
enum MadeCases {
  /// Writes `NAME.npz` and `NAME.pkl`.
  /// - Parameters:
  ///   - values: `[channel…, label; z, y, x]`.
  ///   - locations: by class, voxels `[z, y, x]`.
  static func write(
    _ name: String, to folder: URL, shape: [Int], values: [Float], locations: [(Int, [[Int]])]
  ) throws {
    try ArrayArchive<Float>(shape: shape, values: values)
      .write(to: folder.appending(path: "\(name).npz").path, member: "data")
    try writeProperties(name, to: folder, locations: locations)
  }

  /// Writes `NAME.npy`, which needs no unpacking, and `NAME.pkl`.
  static func writeUnpacked(
    _ name: String, to folder: URL, shape: [Int], values: [Float], locations: [(Int, [[Int]])]
  ) throws {
    var data = Data(NumpyHeader(descriptor: "<f4", shape: shape).encoded)
    values.withUnsafeBytes { data.append(contentsOf: $0) }
    try data.write(to: folder.appending(path: "\(name).npy"))
    try writeProperties(name, to: folder, locations: locations)
  }

  private static func writeProperties(_ name: String, to folder: URL, locations: [(Int, [[Int]])]) throws {
    let classes = locations.map { label, voxels in
      let bytes = voxels.flatMap { $0 }.flatMap { withUnsafeBytes(of: Int64($0).littleEndian) { Array($0) } }
      let array = NumpyArray(type: .int64, shape: [voxels.count, 3], data: bytes)
      return (label, voxels.isEmpty ? PickleValue.list([]) : array.map(PickleValue.array) ?? .list([]))
    }
    try Data(try PickleWriter.write(.named([("class_locations", .byInteger(classes))])))
      .write(to: folder.appending(path: "\(name).pkl"))
  }

  /// A `.npy` of bytes, as it stands in an archive.
  static func writeBytes(_ path: URL, shape: [Int], values: [UInt8]) throws {
    try Data(NumpyHeader(descriptor: "|u1", shape: shape).encoded + values).write(to: path)
  }
}
