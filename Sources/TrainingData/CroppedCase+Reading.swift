public import Foundation
internal import Pickles
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
    guard properties.box.extent == archive.volume.extent else {
      throw TrainingDataError(
        "\(name).npz and \(name).pkl in \(folder.path) don't belong together; remove both and plan again.")
    }
    self.init(name: name, volume: archive.volume, labels: archive.labels, properties: properties)
  }
}

extension CroppedProperties {
  init(reading url: URL) throws {
    let value = try Pickle.load(Array(try Data(contentsOf: url)), policy: .plain)
    func required<Value>(_ entry: String, _ convert: (PickleValue) -> Value?) throws -> Value {
      guard let found = value[entry].flatMap(convert) else {
        throw TrainingDataError("\(url.path) has no usable entry \"\(entry)\"; remove it with its .npz and plan again.")
      }
      return found
    }
    func numbers(_ value: PickleValue, _ count: Int) -> [Double]? {
      value.elements.map { $0.compactMap(\.number) }.flatMap { $0.count == count ? $0 : nil }
    }
    func triple(_ value: PickleValue) -> [Int]? {
      numbers(value, 3).flatMap { all in
        all.allSatisfy { (0...1e9).contains($0) } ? all.map { Int($0) } : nil
      }
    }
    let bounds = try required("crop_bbox") { value -> [[Int]]? in
      value.elements.map { rows in rows.compactMap { row in numbers(row, 2)?.map { Int($0) } } }
        .flatMap { $0.count == 3 ? $0 : nil }
    }
    self.init(
      originalExtent: Extent(try required("original_size_of_raw_data", triple)),
      spacing: Spacing(
        try required("original_spacing") { value in
          numbers(value, 3).flatMap { $0.allSatisfy { $0 > 0 && $0.isFinite } ? $0 : nil }
        }),
      box: VoxelBox(lower: Extent(bounds.map { $0[0] }), upper: Extent(bounds.map { $0[1] })),
      images: try required("list_of_data_files") { $0.elements?.compactMap(\.text) },
      label: try required("seg_file", \.text),
      itkOrigin: try required("itk_origin") { numbers($0, 3) },
      itkSpacing: try required("itk_spacing") { numbers($0, 3) },
      itkDirection: try required("itk_direction") { numbers($0, 9) },
      values: try required("classes") { $0.elements?.compactMap(\.number).map { Int($0) } })
  }
}
