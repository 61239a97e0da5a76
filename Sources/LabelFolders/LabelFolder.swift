public import Foundation

/// A folder of label maps, `CASE.nii.gz`.
public struct LabelFolder: Sendable {
  public let url: URL
  /// File names, in the order of their code points, which is nnU-Net's.
  public let files: [String]

  public static let suffix = ".nii.gz"

  /// - Throws: `LabelFolderError` when the folder isn't there or holds no label map.
  public init(_ url: URL) throws {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: url.path)
    } catch {
      throw LabelFolderError(
        "There is no folder \(url.path) that can be read; expected one that holds label maps, CASE.nii.gz.")
    }
    let files = names.filter { $0.hasSuffix(Self.suffix) && !$0.hasPrefix(".") }
    guard !files.isEmpty else {
      throw LabelFolderError("The folder \(url.path) holds no label map; expected files named CASE.nii.gz.")
    }
    self.url = url
    self.files = files.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
  }

  /// The path of a file, the folder's as the caller wrote it.
  public func path(of file: String) -> URL { url.appending(path: file) }

  /// The pairs of predictions and references, which must be the same files by name.
  /// - Throws: `LabelFolderError` that names all that is missing on either side.
  public static func pairs(predictions: LabelFolder, references: LabelFolder) throws -> [LabelPair] {
    let withoutPrediction = references.files.filter { !Set(predictions.files).contains($0) }
    let withoutReference = predictions.files.filter { !Set(references.files).contains($0) }
    guard withoutPrediction.isEmpty, withoutReference.isEmpty else {
      var sentences: [String] = []
      if !withoutPrediction.isEmpty {
        sentences.append("\(predictions.url.path) lacks \(withoutPrediction.joined(separator: ", "))")
      }
      if !withoutReference.isEmpty {
        sentences.append("\(references.url.path) lacks \(withoutReference.joined(separator: ", "))")
      }
      throw LabelFolderError(
        "Comparing folders needs the same file names in both, but " + sentences.joined(separator: ", and ")
          + "; add what is missing or take the others away.")
    }
    return predictions.files.map {
      LabelPair(name: $0, prediction: predictions.path(of: $0), reference: references.path(of: $0))
    }
  }
}

/// A prediction and its reference.
public struct LabelPair: Hashable, Sendable {
  /// The file's name.
  public var name: String
  public var prediction: URL
  public var reference: URL

  public init(name: String, prediction: URL, reference: URL) {
    self.name = name
    self.prediction = prediction
    self.reference = reference
  }
}
