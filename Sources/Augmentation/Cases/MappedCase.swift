internal import Foundation
internal import NumpyFiles
internal import Pickles
internal import Volumes

/// A case of nnU-Net's preprocessed folder: `CASE.npz` (or `CASE.npy`) and `CASE.pkl`, its voxels mapped from the disk.
struct MappedCase: Sendable {
  let name: String
  let extent: Extent
  let locations: ForegroundLocations
  /// `[channel…, label; z, y, x]`; the label is -1 outside the nonzero part.
  private let array: MappedArray<Float>
  /// A cascade's first stage's labels, `[z, y, x]`.
  private let previous: MappedArray<UInt8>?

  /// An archive is unpacked to `CASE.npy` beside it first, as nnU-Net does, unless that is there and not older.
  /// - Parameter previousStage: the folder with `CASE_segFromPrevStage.npz`.
  /// - Throws: `AugmentationError`.
  init(_ name: String, in folder: URL, channels: Int, previousStage: URL?) throws {
    self.name = name
    func failure(_ file: String, _ why: String) -> AugmentationError {
      AugmentationError("Reading the training case \(file) failed because \(why); preprocess the dataset again.")
    }
    do {
      array = try Self.map(Float.self, folder.appending(path: name))
    } catch {
      throw failure(folder.appending(path: name).path, "\(error)")
    }
    guard array.shape.count == 4, array.shape[0] == channels + 1, array.shape.allSatisfy({ $0 > 0 }) else {
      throw failure(
        folder.appending(path: name).path,
        "its shape is \(array.shape), expected \(channels) channel(s), labels and three axes")
    }
    extent = Extent(Array(array.shape[1...]))
    let properties = folder.appending(path: "\(name).pkl")
    do {
      let pickle = try Pickle.load(Array(try Data(contentsOf: properties)), policy: .plain)
      guard let locations = ForegroundLocations(pickle: pickle["class_locations"], extent: extent.lengths) else {
        throw AugmentationError("it has no 'class_locations' that lie in the case")
      }
      self.locations = locations
    } catch {
      throw failure(properties.path, "\(error)")
    }
    previous = try previousStage.map { [shape = array.shape] in
      try Self.previousStage(of: name, in: $0, shape: Array(shape[1...]))
    }
  }

  private static func previousStage(of name: String, in folder: URL, shape: [Int]) throws -> MappedArray<UInt8> {
    let file = folder.appending(path: "\(name)_segFromPrevStage")
    let labels: MappedArray<UInt8>
    do {
      labels = try Self.map(UInt8.self, file)
    } catch {
      throw AugmentationError(
        "Reading the first stage's labels \(file.path).npz failed because \(error); train and validate all folds of 3d_lowres first."
      )
    }
    guard labels.shape == shape else {
      throw AugmentationError(
        "The first stage's labels \(file.path).npz have the shape \(labels.shape), the case \(shape); validate 3d_lowres again."
      )
    }
    return labels
  }

  private static func map<Element: NumpyElement>(_: Element.Type, _ file: URL) throws -> MappedArray<Element> {
    let (archive, array) = (file.appendingPathExtension("npz").path, file.appendingPathExtension("npy").path)
    func changed(_ path: String) -> Date? {
      (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    }
    if let packed = changed(archive) {
      if changed(array).map({ $0 < packed }) ?? true {
        try MappedArray<Element>.unpack(archive: archive, member: "data", to: array)
      }
    }
    return try MappedArray<Element>(path: array)
  }

  /// A box of the case, which may lie outside it in part or whole: there the image is 0, the labels are -1 and the first stage's are
  /// background.
  /// - Throws: `AugmentationError` for labels that are no whole numbers from -1 to 254.
  func cut(at start: [Int], _ size: Extent) throws -> Sample {
    let channels = array.shape[0] - 1
    let image = ChannelVolume(channels: channels, extent: size)
    let labels = LabelVolume(extent: size)
    let first = previous.map { _ in
      LabelVolume(extent: size, storage: VoxelStorage(count: size.count, repeating: 1))
    }
    let inside = (0..<3).map { max(0, start[$0])..<max(0, start[$0], min(extent[$0], start[$0] + size[$0])) }
    var isWhole = true
    for z in inside[0] {
      for y in inside[1] where !inside[2].isEmpty {
        let from = (z * extent.y + y) * extent.x + inside[2].lowerBound
        let to = ((z - start[0]) * size.y + y - start[1]) * size.x + inside[2].lowerBound - start[2]
        for channel in 0..<channels {
          (image.channel(channel).baseAddress! + to)
            .update(from: array.elements.baseAddress! + channel * extent.count + from, count: inside[2].count)
        }
        let row = array.elements.baseAddress! + channels * extent.count + from
        for x in 0..<inside[2].count {
          let code = row[x] + 1
          let label = code >= 0 && code <= 255 ? UInt8(code) : 0
          if Float(label) != code { isWhole = false }
          labels.elements[to + x] = label
        }
        if let previous, let first {
          for x in 0..<inside[2].count { first.elements[to + x] = min(254, previous.elements[from + x]) + 1 }
        }
      }
    }
    array.unload()
    previous?.unload()
    guard isWhole else {
      throw AugmentationError(
        "The labels of the training case \(name) aren't whole numbers from -1 to 254; preprocess the dataset again.")
    }
    return Sample(image: image, labels: [labels] + (first.map { [$0] } ?? []))
  }
}
