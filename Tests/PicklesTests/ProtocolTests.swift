import Foundation
import Pickles
import Testing

@Suite("Pickle protocols 0 to 5, numpy 1 and 2")
struct ProtocolTests {
  @Test("the same value whatever the protocol", arguments: ProtocolFixtures.base64.keys.sorted())
  func sameValue(_ name: String) throws {
    let base64 = try #require(ProtocolFixtures.base64[name]).replacing("\n", with: "")
    let value = try Pickle.load([UInt8](try #require(Data(base64Encoded: base64))))
    #expect(value["ints"]?.elements?.map(\.int) == [0, 255, 65535, -1, 1 << 31, 1 << 40, -(1 << 40)])
    #expect(value["text"]?.text == "Größe")
    #expect(value["none"] == PickleValue.none)
    #expect(value["flags"]?.elements?.map(\.boolean) == [true, false])
    #expect(value["f"]?.number == 1.5)
    #expect(value["d"]?.number == -2.25)
    #expect(value["n"]?.int == 7)
    #expect(value["b"]?.boolean == true)
    #expect(array(value["c"])?.shape == [2, 3])
    #expect(array(value["c"])?.integers == [0, 1, 2, 3, 4, 5])
    #expect(array(value["fortran"])?.shape == [2, 3])
    #expect(array(value["fortran"])?.doubles == [0, 1, 2, 3, 4, 5])
    #expect(array(value["empty"])?.shape == [0])
    // 6e-8 is nearest to the smallest subnormal, 2^-24.
    #expect(array(value["half"])?.doubles == [1, -0.5, 65504, 0x1p-24])
    #expect(value["bytes"]?.elements == [.bytes([]), .bytes([0, 255])])
    #expect(value["shared"]?.elements == [.list([.integer(1)]), .list([.integer(1)])])
  }

  private func array(_ value: PickleValue?) -> NumpyArray? {
    if case .array(let array)? = value { return array }
    return nil
  }
}
