import Foundation
import ModelPlans
import Pickles
import ZipFiles

/// Makes torch checkpoints by hand, so that a test can make what torch wouldn't.
struct CheckpointBuilder {
  struct Tensor {
    var name: String
    var key: String
    var shape: [Int]
    var strides: [Int]
    var offset = 0
    var type = "FloatStorage"
    /// Elements that the reference to the storage claims.
    var count: Int
  }

  var tensors: [Tensor] = []
  /// By key, what stands in the file.
  var storages: [(key: String, bytes: [UInt8])] = []

  init() {}

  /// A whole checkpoint: every tensor a storage of its own, filled with quarters.
  init(_ network: NetworkDescription) {
    for (index, parameter) in network.parameters.enumerated() {
      add(parameter.name, parameter.shape, key: "\(index)")
    }
  }

  mutating func add(_ name: String, _ shape: [Int], key: String) {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in stride(from: shape.count - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    let count = shape.reduce(1, *)
    tensors.append(Tensor(name: name, key: key, shape: shape, strides: strides, count: count))
    let values = (0..<count).flatMap { value in
      withUnsafeBytes(of: (Float(value % 16) / 4).bitPattern.littleEndian) { Array($0) }
    }
    storages.append((key, values))
  }

  /// Changes the tensor called `name`.
  func changing(_ name: String, _ change: (inout Tensor) -> Void) -> CheckpointBuilder {
    var copy = self
    for index in copy.tensors.indices where copy.tensors[index].name == name { change(&copy.tensors[index]) }
    return copy
  }

  /// The checkpoint's pickle, protocol 2.
  var pickle: [UInt8] {
    var bytes: [UInt8] = [0x80, 2]
    bytes += "}(".utf8
    bytes += text("epoch") + Array("K\u{7}".utf8)
    bytes += text("state_dict") + Array("ccollections\nOrderedDict\n)R(".utf8)
    for tensor in tensors { bytes += text(tensor.name) + reference(tensor) }
    bytes += "u}b".utf8
    bytes += "u.".utf8
    return bytes
  }

  private func reference(_ tensor: Tensor) -> [UInt8] {
    Array("ctorch._utils\n_rebuild_tensor_v2\n((".utf8) + text("storage") + Array("ctorch\n\(tensor.type)\n".utf8)
      + text(tensor.key) + text("cpu") + integer(tensor.count) + Array("tQ".utf8) + integer(tensor.offset)
      + Array("(".utf8) + tensor.shape.flatMap(integer) + Array("t(".utf8) + tensor.strides.flatMap(integer)
      + Array("t".utf8) + [0x89] + Array("ccollections\nOrderedDict\n)RtR".utf8)
  }

  private func text(_ text: String) -> [UInt8] {
    [0x58] + withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { Array($0) } + Array(text.utf8)
  }

  private func integer(_ value: Int) -> [UInt8] {
    [0x8A, 8] + withUnsafeBytes(of: Int64(value).littleEndian) { Array($0) }
  }

  func writeZip(to url: URL, compression: ZipWriter.Compression = .stored) throws {
    let writer = try ZipWriter(path: url.path)
    try writer.add("archive/data.pkl", pickle, compression: compression)
    try writer.add("archive/byteorder", Array("little".utf8), compression: .stored)
    for storage in storages {
      try writer.add("archive/data/\(storage.key)", storage.bytes, compression: compression)
    }
    try writer.finish()
  }

  var legacy: [UInt8] {
    var bytes: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
    bytes += [0x80, 2, 0x4D, 0xE9, 3, 0x2E]
    bytes += [0x80, 2] + Array("}(".utf8) + text("little_endian") + [0x88] + Array("u.".utf8)
    bytes += pickle
    bytes += [0x80, 2] + Array("](".utf8) + storages.flatMap { text($0.key) } + Array("e.".utf8)
    for storage in storages {
      bytes += withUnsafeBytes(of: Int64(storage.bytes.count / 4).littleEndian) { Array($0) } + storage.bytes
    }
    return bytes
  }
}
