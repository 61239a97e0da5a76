/// Puts pickles together by hand, for those that Python wouldn't write.
struct PickleAssembler {
  var bytes: [UInt8]

  init(_ instructions: String = "") { bytes = Array(instructions.utf8) }

  static func + (left: PickleAssembler, right: PickleAssembler) -> PickleAssembler {
    var sum = left
    sum.bytes += right.bytes
    return sum
  }

  /// GLOBAL.
  static func global(_ module: String, _ name: String) -> PickleAssembler {
    PickleAssembler("c\(module)\n\(name)\n")
  }

  /// STACK_GLOBAL.
  static func stackGlobal(_ module: String, _ name: String) -> PickleAssembler {
    text(module) + text(name) + raw(0x93)
  }

  /// SHORT_BINUNICODE.
  static func text(_ text: String) -> PickleAssembler {
    raw([0x8C, UInt8(text.utf8.count)] + Array(text.utf8))
  }

  static func raw(_ bytes: UInt8...) -> PickleAssembler { raw(bytes) }

  static func raw(_ bytes: [UInt8]) -> PickleAssembler {
    var assembler = PickleAssembler()
    assembler.bytes = bytes
    return assembler
  }

  static func * (assembler: PickleAssembler, count: Int) -> PickleAssembler {
    if assembler.bytes.count == 1 { return raw([UInt8](repeating: assembler.bytes[0], count: count)) }
    var result = PickleAssembler()
    result.bytes.reserveCapacity(assembler.bytes.count * count)
    for _ in 0..<count { result.bytes += assembler.bytes }
    return result
  }
}
