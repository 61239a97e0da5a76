internal import Foundation
internal import Pickles
public import Preprocessing

/// What nnU-Net keeps of a cropped training case in `CASE.pkl`.
public struct CroppedProperties: Hashable, Sendable {
  public var cropping: CroppingRecord
  /// The values of the label array, ascending, with -1 for what lies outside (`classes`).
  public var values: [Int]

  func entries(usesMask: [Bool]?) -> [(String, PickleValue)] {
    cropping.entries + [("classes", .doubleArray(values.map(Double.init)))]
      + (usesMask.map { [("use_nonzero_mask_for_norm", .byIndex($0.map(PickleValue.bool), isOrdered: true))] } ?? [])
  }

  func write(_ url: URL, usesMask: [Bool]?) throws {
    try Self.write(entries(usesMask: usesMask), to: url)
  }

  static func write(_ entries: [(String, PickleValue)], to url: URL) throws {
    try Data(try PickleWriter.write(.named(entries, isOrdered: true))).write(to: url, options: .atomic)
  }

  /// Reads what nnU-Net or Tessera wrote.
  /// - Throws: `TrainingDataError`, `PickleError`, and what reading throws.
  init(reading url: URL) throws {
    let fields = CaseFields(try Pickle.load(Array(try Data(contentsOf: url)), policy: .plain))
    do throws(CaseFieldsError) {
      for entry in ["original_spacing", "list_of_data_files", "seg_file", "crop_bbox", "classes"]
      where fields[entry] == nil {
        throw CaseFieldsError("it has no '\(entry)'")
      }
      cropping = try CroppingRecord(fields)
      guard cropping.labelFile != nil, cropping.originalSpacing.millimetres.allSatisfy({ $0 > 0 }) else {
        throw CaseFieldsError("'original_spacing' or 'seg_file' makes no sense")
      }
      let classes = fields["classes"]?.elements ?? []
      values = classes.compactMap(\.number).compactMap { Int(exactly: $0) }
      guard values.count == classes.count else { throw CaseFieldsError("'classes' isn't whole numbers") }
    } catch {
      throw TrainingDataError(
        "Reading \(url.path) failed because \(error.reason); remove it with its .npz and plan again.")
    }
  }

  init(cropping: CroppingRecord, values: [Int]) {
    self.cropping = cropping
    self.values = values
  }
}
