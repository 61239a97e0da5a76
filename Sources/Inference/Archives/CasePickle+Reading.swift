public import Foundation
internal import Pickles
internal import Preprocessing
internal import Volumes

extension CasePickle {
  /// nnU-Net's pickles have about one kilobyte, and one more for each channel's file name at most.
  private static let sizeLimit = 16 << 20

  /// Reads the `CASE.pkl` beside an `CASE.npz`.
  /// - Throws: `InferenceError.Code.unreadableFile`.
  public init(reading url: URL) throws {
    let name = url.lastPathComponent
    let size = (try? FileManager.default.attributesOfItem(atPath: url.path))?[.size] as? Int ?? 0
    guard size <= Self.sizeLimit, let data = FileManager.default.contents(atPath: url.path),
      data.count <= Self.sizeLimit
    else { throw Self.unreadable(name, "there is no file of at most \(Self.sizeLimit) bytes") }
    try self.init(decoding: Array(data), name: name)
  }

  /// Reads a pickle that nnU-Net or Tessera wrote, without running it.
  ///
  /// `nnUNet_ensemble --npz` pickles a list with the properties of each member: the first counts, as it does there. What only
  /// resampling needs may be missing. Pickles don't tell the network's axis order, so `transposeForward` is the identity.
  /// - Parameter name: of the file, for errors.
  /// - Throws: `InferenceError.Code.unreadableFile`.
  public init(decoding bytes: [UInt8], name: String = "CASE.pkl") throws {
    var value: PickleValue
    do throws(PickleError) {
      value = try Pickle.load(bytes, policy: .plain)
    } catch {
      throw Self.unreadable(name, error.description)
    }
    if let members = value.elements, let first = members.first { value = first }
    guard value.dictionary != nil else { throw Self.unreadable(name, "it holds no dictionary of properties") }
    let fields = CaseFields(value)
    do throws(CaseFieldsError) {
      let cropping = try CroppingRecord(fields)
      (itkSpacing, itkOrigin, itkDirection) = (cropping.itkSpacing, cropping.itkOrigin, cropping.itkDirection)
      let spacing = cropping.originalSpacing
      properties = CaseProperties(
        originalExtent: cropping.originalExtent, originalSpacing: spacing, cropBox: cropping.box,
        resampledExtent: try fields.optionalLengths("size_after_resampling").map { Extent($0) } ?? cropping.box.extent,
        spacingAfterResampling: try fields.optionalNumbers("spacing_after_resampling", count: 3).map { Spacing($0) }
          ?? spacing,
        transposeForward: .identity)
      files = cropping.files
      rule = try Self.rule(fields)
    } catch {
      throw Self.unreadable(name, error.reason)
    }
  }

  /// `regions_class_order`, where the model has one.
  private static func rule(_ fields: CaseFields) throws(CaseFieldsError) -> LabelRule {
    guard let entry = fields["regions_class_order"] else { return .largest }
    let order = entry.elements?.compactMap { $0.int.flatMap(UInt8.init(exactly:)) } ?? []
    guard !order.isEmpty, order.count == entry.elements?.count else {
      throw CaseFieldsError("'regions_class_order' isn't a list of labels from 0 to 255")
    }
    return .regions(order: order)
  }

  private static func unreadable(_ name: String, _ why: String) -> InferenceError {
    InferenceError(
      .unreadableFile,
      "Reading the properties in \(name) failed because \(why); expected the file that nnUNet_predict or tessera wrote with --save_npz."
    )
  }
}
