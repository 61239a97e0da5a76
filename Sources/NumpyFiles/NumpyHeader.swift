internal import Foundation
internal import Wording

/// The head of a `.npy` file: what the bytes behind it are (numpy's NEP 1).
///
/// Read from untrusted files: lengths are checked, the dictionary is parsed as the literal that numpy writes and never evaluated.
public struct NumpyHeader: Hashable, Sendable {
  /// Numpy's name of the element type, such as `<f2`.
  public var descriptor: String
  public var isFortranOrder: Bool
  public var shape: [Int]

  /// More elements than any volume has, and few enough that bytes don't overflow.
  private static let maximumElements = 1 << 40
  private static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
  /// What numpy aligns the elements to.
  private static let alignment = 64

  public init(descriptor: String, isFortranOrder: Bool = false, shape: [Int]) {
    self.descriptor = descriptor
    self.isFortranOrder = isFortranOrder
    self.shape = shape
  }

  public var elementCount: Int { shape.reduce(1, *) }

  /// The head as numpy writes it, format 1.0, padded so that the elements are aligned.
  public var encoded: [UInt8] {
    var sizes = shape.map(String.init).joined(separator: ", ")
    if shape.count == 1 { sizes += "," }
    var text =
      "{'descr': '\(descriptor)', 'fortran_order': \(isFortranOrder ? "True" : "False"), 'shape': (\(sizes)), }"
    let unpadded = Self.magic.count + 4 + text.utf8.count + 1
    text += String(repeating: " ", count: (Self.alignment - unpadded % Self.alignment) % Self.alignment) + "\n"
    let length = UInt16(text.utf8.count)
    return Self.magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(text.utf8)
  }

  /// Reads the head at the start of `bytes`.
  /// - Returns: the head, and the number of bytes that it takes.
  /// - Throws: `NumpyFileError`.
  public static func read(_ bytes: UnsafeRawBufferPointer) throws -> (header: NumpyHeader, length: Int) {
    guard bytes.count >= 10, bytes.prefix(6).elementsEqual(magic) else {
      throw unreadable("it doesn't start with the mark of a numpy array")
    }
    let lengthBytes = bytes[6] == 1 ? 2 : 4
    guard (1...3).contains(bytes[6]), bytes.count >= 8 + lengthBytes else {
      throw unreadable("its format \(bytes[6]).\(bytes[7]) is unknown, expected 1.0 to 3.0")
    }
    let length = (0..<lengthBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    let start = 8 + lengthBytes
    guard length <= 65536, start + length <= bytes.count else {
      throw unreadable("its head claims \(length) bytes, of \(bytes.count) in the file")
    }
    let text = String(decoding: bytes[start..<start + length], as: UTF8.self)
    return (try parse(text), start + length)
  }

  private static func parse(_ text: String) throws -> NumpyHeader {
    let pattern = #/\s*\{(?<entries>.*)\}\s*/#.dotMatchesNewlines()
    let entry =
      #/\s*'(?<key>\w+)'\s*:\s*(?:'(?<string>[^']{1,16})'|(?<flag>True|False)|\((?<sizes>[0-9,\s]*)\))\s*(?:,|$)/#
    guard let match = text.wholeMatch(of: pattern) else { throw unreadable("its head isn't a dictionary") }
    var rest = match.output.entries
    var descriptor: String?
    var isFortranOrder: Bool?
    var shape: [Int]?
    while !rest.allSatisfy(\.isWhitespace) {
      guard let found = rest.prefixMatch(of: entry)?.output else {
        throw unreadable("its head has an unexpected entry")
      }
      switch (String(found.key), found.string, found.flag, found.sizes) {
      case ("descr", let value?, _, _): descriptor = String(value)
      case ("fortran_order", _, let value?, _): isFortranOrder = value == "True"
      case ("shape", _, _, let value?): shape = try sizes(value)
      default: throw unreadable("its head has an unexpected entry '\(found.key.quotable())'")
      }
      rest = rest[found.0.endIndex...]
    }
    guard let descriptor, let isFortranOrder, let shape else {
      throw unreadable("its head lacks 'descr', 'fortran_order' or 'shape'")
    }
    return NumpyHeader(descriptor: descriptor, isFortranOrder: isFortranOrder, shape: shape)
  }

  private static func sizes(_ text: Substring) throws -> [Int] {
    var product = 1
    return try text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }.map {
      guard let size = Int($0), (0...maximumElements).contains(size) else {
        throw unreadable("its shape is (\(text.quotable()))")
      }
      let (count, overflow) = product.multipliedReportingOverflow(by: max(1, size))
      guard !overflow, count <= maximumElements else { throw unreadable("its shape is (\(text.quotable()))") }
      product = count
      return size
    }
  }

  private static func unreadable(_ why: String) -> NumpyFileError { NumpyFileError(reason: why) }
}
