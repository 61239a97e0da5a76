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
}
