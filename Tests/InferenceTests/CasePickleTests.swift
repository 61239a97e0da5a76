import Foundation
import Pickles
import Preprocessing
import Testing
import Testkit
import Volumes

@testable import Inference

@Suite struct CasePickleTests {
  /// nnU-Net 1.7.1 wrote the fixture for `colin_small`; the pickle of the same numbers must hold the same values.
  @Test func pickleHoldsWhatNnunetsHolds() throws {
    let url = Fixtures.directory.appending(path: "Task501/expected/Task501-3d_fullres-f0-nomirror/colin_small.pkl")
    let expected = try Pickle.load(Array(Data(contentsOf: url)))
    func numbers(_ key: String) throws -> [Double] {
      let value = try #require(expected[key])
      if case .array(let array) = value { return array.doubles }
      return try #require(value.elements).map { try #require($0.number) }
    }
    func integers(_ key: String) throws -> [Int] { try numbers(key).map { Int($0) } }
    let box = try #require(expected["crop_bbox"]?.elements).map {
      try #require($0.elements).map { try #require($0.int) }
    }
    let pickle = CasePickle(
      properties: CaseProperties(
        originalExtent: Extent(try integers("original_size_of_raw_data")),
        originalSpacing: Spacing(try numbers("original_spacing")),
        cropBox: VoxelBox(lower: Extent(box.map { $0[0] }), upper: Extent(box.map { $0[1] })),
        resampledExtent: Extent(try integers("size_after_resampling")),
        spacingAfterResampling: Spacing(try numbers("spacing_after_resampling")), transposeForward: .identity),
      itkOrigin: try numbers("itk_origin"), itkSpacing: try numbers("itk_spacing"),
      itkDirection: try numbers("itk_direction"),
      files: try #require(expected["list_of_data_files"]?.elements).map { try #require($0.text) }, rule: .largest)
    let found = try #require(Pickle.load(pickle.encoded()).dictionary)
    let wanted = try #require(expected.dictionary).entries.filter { $0.key != .string("classes") }
    #expect(found.isOrderedDict && found.entries.map(\.key) == wanted.map(\.key))
    for (entry, other) in zip(found.entries, wanted) { #expect(entry.value == other.value, "\(entry.key)") }
  }

  @Test func regionModelsNameTheirOrder() throws {
    let pickle = CasePickle(
      properties: CaseProperties(
        originalExtent: Extent(z: 1, y: 1, x: 1), originalSpacing: Spacing(z: 1, y: 1, x: 1),
        cropBox: VoxelBox(lower: Extent(z: 0, y: 0, x: 0), upper: Extent(z: 1, y: 1, x: 1)),
        resampledExtent: Extent(z: 1, y: 1, x: 1), spacingAfterResampling: Spacing(z: 1, y: 1, x: 1),
        transposeForward: .identity), itkOrigin: [0, 0, 0], itkSpacing: [1, 1, 1],
      itkDirection: [1, 0, 0, 0, 1, 0, 0, 0, 1], files: [], rule: .regions(order: [1, 3, 2]))
    let order = try Pickle.load(pickle.encoded())["regions_class_order"]
    #expect(order == .tuple([.integer(1), .integer(3), .integer(2)]))
  }

  private static let ensemble = Fixtures.directory.appending(path: "ensemble")

  /// What nnU-Net 1.7.1 wrote is read as what we would write.
  @Test func nnunetsPicklesAreRead() throws {
    let url = Fixtures.directory.appending(path: "Task501/expected/Task501-3d_fullres-f0-nomirror/colin_small.pkl")
    let pickle = try CasePickle(reading: url)
    #expect(pickle.rule == .largest && pickle.files.count == 1)
    #expect(pickle.properties.croppedExtent.count <= pickle.properties.originalExtent.count)
    #expect(try CasePickle(decoding: pickle.encoded()) == pickle)
    let regions = try CasePickle(reading: Self.ensemble.appending(path: "regions/first/case.pkl"))
    #expect(regions.rule == .regions(order: [1, 3, 2]))
    #expect(regions.itkSpacing == [0.7, 0.800000011920929, 2.5] && regions.itkOrigin == [-12.5, 30.25, 7])
    #expect(regions.properties.cropBox.lower == Extent(z: 2, y: 1, x: 3))
    #expect(try CasePickle(decoding: regions.encoded()) == regions)
  }

  /// `nnUNet_ensemble --npz` pickles the properties of all members.
  @Test func theFirstOfAListCounts() throws {
    let list = try CasePickle(reading: Self.ensemble.appending(path: "softmax/expected/case.pkl"))
    #expect(try list == CasePickle(reading: Self.ensemble.appending(path: "softmax/first/case.pkl")))
  }

  private static func example(_ changes: [String: PickleValue?]) throws -> [UInt8] {
    func numbers(_ values: [Double]) -> PickleValue { .tuple(values.map { .float($0) }) }
    func integers(_ values: [Int]) -> PickleValue { .tuple(values.map { .integer(Int64($0)) }) }
    var fields: [String: PickleValue] = [
      "original_size_of_raw_data": integers([4, 5, 6]), "itk_origin": numbers([0, 0, 0]),
      "itk_spacing": numbers([1, 2, 3]), "itk_direction": numbers([1, 0, 0, 0, 1, 0, 0, 0, 1]),
      "crop_bbox": .list([integers([1, 3]), integers([0, 5]), integers([2, 6])]),
      "size_after_cropping": integers([2, 5, 4]),
    ]
    for (key, value) in changes { fields[key] = value }
    return try PickleWriter.write(
      .dictionary(PickleDictionary(entries: fields.map { .init(key: .string($0.key), value: $0.value) })))
  }

  @Test func whatOnlyResamplingNeedsMayBeMissing() throws {
    let pickle = try CasePickle(decoding: Self.example([:]))
    #expect(pickle.properties.originalSpacing == Spacing(z: 3, y: 2, x: 1))
    #expect(pickle.properties.resampledExtent == pickle.properties.croppedExtent)
    let whole = try CasePickle(decoding: Self.example(["crop_bbox": .some(.none), "size_after_cropping": nil]))
    #expect(whole.properties.croppedExtent == Extent(z: 4, y: 5, x: 6))
  }

  @Test func hostileOrDamagedPropertiesAreRefused() throws {
    func integers(_ values: [Int]) -> PickleValue { .tuple(values.map { .integer(Int64($0)) }) }
    let huge = Int(Int32.max)
    for changes in [
      ["original_size_of_raw_data": nil], ["itk_spacing": nil], ["itk_spacing": integers([1, 0, 1])],
      ["original_size_of_raw_data": integers([huge, huge, huge])], ["original_size_of_raw_data": integers([-4, 5, 6])],
      ["original_size_of_raw_data": .string("4, 5, 6")], ["itk_direction": integers([1, 0, 0])],
      ["itk_origin": .tuple([.float(.nan), .float(0), .float(0)])], ["crop_bbox": integers([1, 3, 0])],
      ["crop_bbox": .list([integers([1, 3]), integers([0, 5]), integers([2, 7])])],
      ["crop_bbox": .list([integers([-1, 1]), integers([0, 5]), integers([2, 6])])],
      ["crop_bbox": .list([integers([3, 3]), integers([0, 5]), integers([2, 6])])],
      ["size_after_cropping": integers([2, 5, 5])], ["regions_class_order": integers([1, 256])],
      ["regions_class_order": integers([])], ["regions_class_order": .integer(3)],
    ] as [[String: PickleValue?]] {
      #expect(throws: InferenceError.self, "\(changes)") { try CasePickle(decoding: Self.example(changes)) }
    }
    for value in [PickleValue.list([]), .none, .list([.integer(1)])] {
      #expect(throws: InferenceError.self) { try CasePickle(decoding: PickleWriter.write(value)) }
    }
    var generator = SplitMix64(seed: 3)
    let bytes = try Self.example([:])
    for _ in 0..<2000 {
      do { _ = try CasePickle(decoding: Mutation.mutate(bytes, using: &generator)) } catch is InferenceError {}
    }
  }
}
