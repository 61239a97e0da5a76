/// Writes zip files byte by byte, stored, so that tests can claim anything in them, also what no library would write
/// (PKWARE's APPNOTE.TXT).
struct ZipForge {
  struct Member {
    var name: String
    var content: [UInt8] = Array("content".utf8)
    /// Unix's mode, with the type of file.
    var mode: UInt32 = 0o100644
    /// General purpose bits; bit 0 says that the member is encrypted.
    var flags: UInt16 = 0
    /// Claimed bytes when read; `nil` is the truth.
    var size: UInt32?
    /// Shares the bytes of the member at this place.
    var sharing: Int?
  }

  var members: [Member]

  init(_ members: [Member]) { self.members = members }

  init(_ names: [String]) { members = names.map { Member(name: $0) } }

  var bytes: [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    var places: [Int] = []
    for member in members {
      let content = member.sharing.map { members[$0].content } ?? member.content
      var fields = Self.little(UInt16(20)) + Self.little(member.flags) + [UInt8](repeating: 0, count: 6)
      fields += Self.little(Self.checksum(content)) + Self.little(UInt32(content.count))
      fields += Self.little(member.size ?? UInt32(content.count)) + Self.little(UInt16(member.name.utf8.count))
      places.append(member.sharing.map { places[$0] } ?? file.count)
      if member.sharing == nil {
        file += [0x50, 0x4B, 3, 4] + fields
        file += [0, 0] + Array(member.name.utf8) + content
      }
      directory += [0x50, 0x4B, 1, 2, 20, 3] + fields
      directory += [UInt8](repeating: 0, count: 8)
      directory += Self.little(member.mode << 16) + Self.little(UInt32(places.last!)) + Array(member.name.utf8)
    }
    let count = Self.little(UInt16(members.count))
    var end: [UInt8] = [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + count + count
    end += Self.little(UInt32(directory.count)) + Self.little(UInt32(file.count)) + [0, 0]
    return file + directory + end
  }

  private static func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  /// CRC-32 as zip has it, bit by bit.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum = ~UInt32(0)
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
    return ~sum
  }
}
