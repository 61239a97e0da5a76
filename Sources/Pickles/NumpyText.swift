/// numpy's dtype of texts with a fixed number of code points, such as `U12`: nnU-Net's `splits_final.pkl` has arrays of them. They are read
/// as lists of strings; while the pickle's machine runs, the dtype is a symbol that no pickle can name.
struct NumpyText {
  /// Code points of each text.
  let length: Int

  private static let module = "numpy.dtype"
  private static let bytesPerScalar = 4
  /// Longer than any name.
  private static let longest = 65_536

  /// `nil` for the code of another dtype.
  init?(code: String) {
    let bare = code.hasPrefix("<") ? code.dropFirst() : Substring(code)
    guard bare.first == "U", let length = Int(bare.dropFirst()), (1...Self.longest).contains(length) else { return nil }
    self.length = length
  }

  init?(symbol: PickleGlobal) {
    guard symbol.module == Self.module else { return nil }
    self.init(code: symbol.name)
  }

  var symbol: PickleGlobal { PickleGlobal(Self.module, "U\(length)") }

  /// The texts in an array's bytes, little-endian UTF-32 padded with zeros; `nil` where they are none.
  func texts(_ data: [UInt8]) -> [String]? {
    let size = length * Self.bytesPerScalar
    guard data.count.isMultiple(of: size) else { return nil }
    var texts: [String] = []
    for start in stride(from: 0, to: data.count, by: size) {
      var text = String.UnicodeScalarView()
      for place in stride(from: start, to: start + size, by: Self.bytesPerScalar) {
        let value = (0..<Self.bytesPerScalar).reduce(UInt32(0)) { $0 | UInt32(data[place + $1]) << (8 * UInt32($1)) }
        guard let scalar = Unicode.Scalar(value) else { return nil }
        text.append(scalar)
      }
      while text.last?.value == 0 { text.removeLast() }
      texts.append(String(text))
    }
    return texts
  }
}
