public import Foundation
internal import Pickles
internal import Preprocessing
internal import Volumes

extension CasePickle {
  /// nnU-Net's pickles have about one kilobyte, and one more for each channel's file name at most.
  private static let sizeLimit = 16 << 20
  /// An axis that is longer is a mistake, and products of three must fit an integer.
  private static let longestAxis = 1 << 20

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
    let fields = Fields(value: value, name: name)
    let original = Extent(try fields.lengths("original_size_of_raw_data"))
    itkSpacing = try fields.numbers("itk_spacing", count: 3)
    itkOrigin = try fields.numbers("itk_origin", count: 3)
    itkDirection = try fields.numbers("itk_direction", count: 9)
    guard itkSpacing.allSatisfy({ $0 > 0 }) else {
      throw Self.unreadable(name, "'itk_spacing' is \(itkSpacing), expected positive numbers")
    }
    let box = try fields.box(in: original)
    let spacing = try fields.optionalNumbers("original_spacing", count: 3) ?? itkSpacing.reversed()
    properties = CaseProperties(
      originalExtent: original, originalSpacing: Spacing(spacing), cropBox: box,
      resampledExtent: try fields.optionalLengths("size_after_resampling").map { Extent($0) } ?? box.extent,
      spacingAfterResampling: Spacing(try fields.optionalNumbers("spacing_after_resampling", count: 3) ?? spacing),
      transposeForward: .identity)
    files = value["list_of_data_files"]?.elements?.compactMap(\.text) ?? []
    rule = try fields.rule()
  }

  fileprivate static func unreadable(_ name: String, _ why: String) -> InferenceError {
    InferenceError(
      .unreadableFile,
      "Reading the properties in \(name) failed because \(why); expected the file that nnUNet_predict or tessera wrote with --save_npz."
    )
  }

  /// The entries of the pickle's dictionary, checked.
  private struct Fields {
    let value: PickleValue
    let name: String

    func numbers(_ key: String, count: Int) throws -> [Double] {
      guard let numbers = try optionalNumbers(key, count: count) else {
        throw CasePickle.unreadable(name, "it has no '\(key)'")
      }
      return numbers
    }

    func optionalNumbers(_ key: String, count: Int) throws -> [Double]? {
      guard let entry = value[key], !entry.isNone else { return nil }
      let numbers = entry.elements?.compactMap(\.number) ?? []
      guard numbers.count == count, entry.elements?.count == count, numbers.allSatisfy(\.isFinite) else {
        throw CasePickle.unreadable(name, "'\(key)' isn't \(count) finite numbers")
      }
      return numbers
    }

    func lengths(_ key: String) throws -> [Int] {
      guard let lengths = try optionalLengths(key) else { throw CasePickle.unreadable(name, "it has no '\(key)'") }
      return lengths
    }

    func optionalLengths(_ key: String) throws -> [Int]? {
      guard let numbers = try optionalNumbers(key, count: 3) else { return nil }
      return try numbers.map {
        guard let length = Int(exactly: $0), (1...CasePickle.longestAxis).contains(length) else {
          throw CasePickle.unreadable(
            name, "'\(key)' is \(numbers), expected voxels from 1 to \(CasePickle.longestAxis)")
        }
        return length
      }
    }

    /// `crop_bbox`, whose upper bounds nnU-Net takes from `size_after_cropping`; the whole image where there is none.
    func box(in original: Extent) throws -> VoxelBox {
      let whole = VoxelBox(lower: Extent(z: 0, y: 0, x: 0), upper: original)
      let box: VoxelBox
      if let entry = value["crop_bbox"], !entry.isNone {
        let bounds = entry.elements?.compactMap { $0.elements?.compactMap(\.int) } ?? []
        guard bounds.count == 3, bounds.allSatisfy({ $0.count == 2 }) else {
          throw CasePickle.unreadable(name, "'crop_bbox' isn't three pairs of integers")
        }
        box = VoxelBox(lower: Extent(bounds.map { $0[0] }), upper: Extent(bounds.map { $0[1] }))
      } else {
        box = whole
      }
      guard (0..<3).allSatisfy({ 0 <= box.lower[$0] && box.lower[$0] < box.upper[$0] && box.upper[$0] <= original[$0] })
      else {
        throw CasePickle.unreadable(
          name, "'crop_bbox' is \(box.lower) to \(box.upper), outside the image of \(original) voxels")
      }
      if let cropped = try optionalLengths("size_after_cropping"), cropped != box.extent.lengths {
        throw CasePickle.unreadable(
          name, "'size_after_cropping' is \(Extent(cropped)), but 'crop_bbox' has \(box.extent) voxels")
      }
      return box
    }

    /// `regions_class_order`, where the model has one.
    func rule() throws -> LabelRule {
      guard let entry = value["regions_class_order"], !entry.isNone else { return .largest }
      let order = entry.elements?.compactMap { $0.int.flatMap(UInt8.init(exactly:)) } ?? []
      guard !order.isEmpty, order.count == entry.elements?.count else {
        throw CasePickle.unreadable(name, "'regions_class_order' isn't a list of labels from 0 to 255")
      }
      return .regions(order: order)
    }
  }
}
