public import Foundation
internal import PythonJSON

/// A folder of labelled images in nnU-Net's layout: `nnUNet_raw_data/TaskNNN_Name` with `dataset.json`, `imagesTr`, `labelsTr`.
///
/// An image is `imagesTr/CASE_MMMM.nii.gz`, MMMM the channel from 0000; its labels are `labelsTr/CASE.nii.gz`.
public struct RawDataset: Hashable, Sendable {
  public var folder: URL
  /// The channels' names in the order of the channels.
  public var modalities: [String]
  /// By value; 0 is the background.
  public var labelNames: [Int: String]
  /// Sorted by name.
  public var cases: [RawCase]
  /// The test cases' names, as `dataset.json` lists them.
  public var testCases: [String]

  /// Labels above 0, ascending.
  public var classes: [Int] { labelNames.keys.filter { $0 > 0 }.sorted() }

  /// `Task501_Brain` of `…/nnUNet_raw_data/Task501_Brain`.
  public var task: String { folder.lastPathComponent }

  /// Reads `dataset.json`.
  /// - Throws: `TrainingDataError` that says what is missing or wrong in it.
  public init(folder: URL) throws {
    let file = folder.appending(path: "dataset.json")
    func invalid(_ what: String) -> TrainingDataError {
      TrainingDataError("Reading \(file.path) failed: \(what).")
    }
    let value: JSONValue
    do {
      value = try JSONValue(parsing: try Data(contentsOf: file))
    } catch {
      throw invalid("\(error)")
    }
    guard let modality = value["modality"]?.object else {
      throw invalid("it needs \"modality\", such as {\"0\": \"MRI\"}")
    }
    let modalities = try (0..<modality.count).map { index in
      guard let name = modality["\(index)"]?.string else { throw invalid("\"modality\" has no entry \"\(index)\"") }
      return name
    }
    guard !modalities.isEmpty else { throw invalid("\"modality\" names no channel") }
    guard let labels = value["labels"]?.object else {
      throw invalid("it needs \"labels\", such as {\"0\": \"background\"}")
    }
    var labelNames: [Int: String] = [:]
    for (key, name) in labels {
      guard let label = Int(key), (0...254).contains(label) else {
        throw invalid("\"labels\" has the key \"\(key)\", expected a number from 0 to 254")
      }
      labelNames[label] = name.string ?? key
    }
    guard let training = value["training"]?.array, !training.isEmpty else {
      throw invalid("it needs \"training\", a list of {\"image\", \"label\"}")
    }
    self.folder = folder
    self.modalities = modalities
    self.labelNames = labelNames
    cases = try training.map { entry in
      guard let image = entry["image"]?.string, let label = entry["label"]?.string,
        let name = Self.caseName(image), Self.caseName(label) != nil
      else { throw invalid("each entry of \"training\" needs \"image\" and \"label\", names that end in .nii.gz") }
      return RawCase(
        name: name,
        images: modalities.indices.map { folder.appending(path: "imagesTr/\(name)_\(Self.channel($0)).nii.gz") },
        label: folder.appending(path: "labelsTr/\(URL(filePath: label).lastPathComponent)"))
    }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    testCases = (value["test"]?.array ?? []).compactMap { entry in
      (entry.string ?? entry["image"]?.string).flatMap { Self.caseName($0) }
    }
  }

  static let suffix = ".nii.gz"

  private static func caseName(_ path: String) -> String? {
    let name = URL(filePath: path).lastPathComponent
    return name.hasSuffix(suffix) && name.count > suffix.count ? String(name.dropLast(suffix.count)) : nil
  }

  /// As in `0001`.
  static func channel(_ index: Int) -> String {
    let digits = String(index)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}

/// A case's files.
public struct RawCase: Hashable, Sendable {
  public var name: String
  /// One a channel.
  public var images: [URL]
  public var label: URL
}

/// Why a dataset can't be used, in one sentence that says what to do.
public struct TrainingDataError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) {
    self.description = description
  }
}
