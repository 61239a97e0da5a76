import Foundation
import Pickles
import Testing
import Testkit

@Suite("Writing pickles")
struct PickleWriterTests {
  @Test("what nnU-Net writes beside a case comes back as it was")
  func caseProperties() throws {
    let url = Fixtures.directory.appending(
      path: "Task501/expected/Task501-3d_fullres-f0-nomirror/colin_small.pkl")
    let properties = try Pickle.load([UInt8](Data(contentsOf: url)))
    let written = try PickleWriter.write(properties)
    #expect(try Pickle.load(written) == properties)
  }

  @Test("every kind of value comes back as it was")
  func everyKind() throws {
    let value = PickleValue.list([
      .none, .bool(true), .bool(false), .integer(0), .integer(-1), .integer(.max), .integer(.min),
      .bigInteger([1, 2, 3, 4, 5, 6, 7, 8, 9]), .float(-0.5), .string("Größe 🧠"), .string(""), .bytes([0, 255]),
      .tuple([]), .tuple([.integer(1), .tuple([.none])]), .list([]),
      .dictionary(PickleDictionary(entries: [.init(key: .tuple([.integer(1), .integer(2)]), value: .float(80))])),
      .dictionary(PickleDictionary(entries: [], isOrderedDict: true)),
      .array(try #require(NumpyArray(type: .float32, shape: [2, 1], data: [0, 0, 128, 63, 0, 0, 0, 64]))),
      .scalar(try #require(NumpyArray(type: .bool, shape: [], data: [1]))), .dataType(.float16),
    ])
    let written = try PickleWriter.write(value)
    #expect(try Pickle.load(written) == value)
  }

  @Test("a reference into another pickle can't be written")
  func references() {
    #expect(throws: PickleWriterError.self) { try PickleWriter.write(.persistent(.none)) }
    #expect(throws: PickleWriterError.self) {
      try PickleWriter.write(.list([.symbol(PickleGlobal("torch", "FloatStorage"))]))
    }
  }
}
