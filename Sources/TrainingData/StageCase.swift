public import Foundation
internal import Pickles
public import Preprocessing
public import Volumes

/// A preprocessed training case as nnU-Net keeps it in `nnUNet_preprocessed/TASK/DATA_stageN`: `CASE.npz` with `CASE.pkl`.
public struct StageCase: Sendable {
  public let name: String
  /// Float32 `[channel, z, y, x]` in the network's axis order: resampled, normalised.
  public let volume: ChannelVolume
  /// Labels plus 1 on the same grid; 0 outside the nonzero region.
  public let labels: LabelVolume
  public let properties: Properties

  /// Reads what nnU-Net or Tessera wrote.
  /// - Throws: `TrainingDataError`, `NumpyFileError`, `PickleError`, and what the zip reader throws.
  public init(reading name: String, in folder: URL) throws {
    let archive = try TrainingArchive(reading: folder.appending(path: "\(name).npz"))
    properties = try Properties(reading: name, in: folder)
    guard properties.extent == archive.volume.extent else {
      throw TrainingDataError(
        "\(name).pkl in \(folder.path) says \(properties.extent) voxels, the array in \(name).npz has \(archive.volume.extent); preprocess "
          + "the task again.")
    }
    self.name = name
    volume = archive.volume
    labels = archive.labels
  }

  /// What `CASE.pkl` says.
  public struct Properties: Hashable, Sendable {
    /// How the case was cut out of its image.
    public let cropping: CroppingRecord
    /// In mm, in the network's axis order.
    public let spacing: Spacing
    /// Of the preprocessed case.
    public let extent: Extent

    /// - Throws: `TrainingDataError`, `PickleError`.
    public init(reading name: String, in folder: URL) throws {
      let file = folder.appending(path: "\(name).pkl")
      let fields = CaseFields(try Pickle.load(Array(try Data(contentsOf: file)), policy: .plain))
      do throws(CaseFieldsError) {
        cropping = try CroppingRecord(fields)
        guard let numbers = try fields.optionalNumbers("spacing_after_resampling", count: 3),
          let lengths = try fields.optionalLengths("size_after_resampling")
        else { throw CaseFieldsError("it doesn't tell what was resampled") }
        spacing = Spacing(numbers)
        extent = Extent(lengths)
      } catch {
        throw TrainingDataError("Reading \(file.path) failed because \(error.reason); preprocess the task again.")
      }
    }
  }

  /// The voxels of a case along z, y and x, from its `CASE.pkl` alone.
  /// - Throws: `TrainingDataError`, `PickleError`.
  public static func extent(of name: String, in folder: URL) throws -> Extent {
    try Properties(reading: name, in: folder).extent
  }

  /// The names of the cases in a folder, sorted as texts.
  /// - Throws: `TrainingDataError` where there are none.
  public static func names(in folder: URL) throws -> [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let names = files.filter { $0.hasSuffix(".npz") && !$0.hasPrefix(".") }.map { String($0.dropLast(4)) }
    guard !names.isEmpty else {
      throw TrainingDataError("\(folder.path) holds no preprocessed case; preprocess the task with tessera plan.")
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}
