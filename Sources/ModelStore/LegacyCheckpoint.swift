internal import Pickles
internal import Wording

/// The format before torch 1.6: five pickles one after the other (magic number, protocol version, system, the object, the list
/// of storage keys), then each storage as its number of elements (int64) and the elements (torch/serialization.py, `_legacy_save`).
final class LegacyCheckpoint: CheckpointContainer {
  let format = "legacy"
  let root: PickleValue
  var fileSize: Int { file.size }
  private let file: InputFile
  /// First byte and number of elements of each storage.
  private let places: [String: (offset: Int, count: Int)]

  /// 0x1950a86a20f9469cfc6c, little-endian.
  private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
  private static let protocolVersion = 1001

  init(file: InputFile) throws(ModelStoreError) {
    self.file = file
    let header = try LegacyCheckpoint.header(file)
    root = header.root
    var types: [String: TorchDataType] = [:]
    try LegacyCheckpoint.collectTypes(header.root, into: &types, path: file.path)
    var places: [String: (offset: Int, count: Int)] = [:]
    var offset = header.length
    for key in header.keys {
      let bytes = try file.bytes(at: offset, count: 8)
      let count = Int(Int64(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) }))
      guard let type = types[key] else {
        throw ModelStoreError(.damaged, "'\(file.path)' has a storage '\(key.quotable())' that no tensor refers to.")
      }
      let (size, overflow) = count.multipliedReportingOverflow(by: type.size)
      guard count >= 0, !overflow, size <= file.size - offset - 8 else {
        throw ModelStoreError(
          .damaged,
          "'\(file.path)' ends inside the storage '\(key.quotable())', which claims \(count) elements. Copy it again.")
      }
      places[key] = (offset + 8, count)
      offset += 8 + size
    }
    self.places = places
  }

  func check(_ storage: TorchTensor.Storage) throws(ModelStoreError) { _ = try offset(of: storage) }

  func read(_ storage: TorchTensor.Storage, into buffer: UnsafeMutableRawBufferPointer) throws(ModelStoreError) {
    try file.read(at: offset(of: storage), into: buffer)
  }

  /// The storage's first byte.
  private func offset(of storage: TorchTensor.Storage) throws(ModelStoreError) -> Int {
    guard let place = places[storage.key], place.count == storage.count else {
      throw ModelStoreError(
        .damaged,
        "'\(file.path)' lacks the storage '\(storage.key.quotable())' of \(storage.count) elements that its pickle refers to."
      )
    }
    return place.offset
  }

  private typealias Header = (root: PickleValue, keys: [String], length: Int)

  /// Reads the pickles. How long they are is only known afterwards, so more of the file is taken until they fit.
  private static func header(_ file: InputFile) throws(ModelStoreError) -> Header {
    var count = min(file.size, 1 << 20)
    while true {
      let bytes = try file.bytes(at: 0, count: count)
      let result: Result<Header, PickleError> = bytes.withUnsafeBytes { buffer in
        do throws(PickleError) { return .success(try header(buffer)) } catch { return .failure(error) }
      }
      switch result {
      case .success(let header): return header
      case .failure(.truncated) where count < min(file.size, CheckpointFile.pickleLimit):
        count = min(count * 8, file.size, CheckpointFile.pickleLimit)
      case .failure(let error):
        throw ModelStoreError(.damaged, "The torch checkpoint '\(file.path)' can't be read. \(error)")
      }
    }
  }

  private static func header(_ bytes: UnsafeRawBufferPointer) throws(PickleError) -> Header {
    // The first three hold a handful of numbers.
    let small = PickleLimits(instructions: 1000, elements: 1000)
    var offset = 0
    func next(_ limits: PickleLimits) throws(PickleError) -> PickleValue {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
      let pickle = try Pickle.load(rest, policy: .torchCheckpoint, limits: limits)
      offset += pickle.length
      return pickle.value
    }
    guard try next(small) == .bigInteger(magic) else {
      throw .malformed("it doesn't begin with torch's magic number", offset: 0)
    }
    guard try next(small).int == protocolVersion else {
      throw .malformed("it isn't of torch's protocol \(protocolVersion)", offset: offset)
    }
    guard try next(small)["little_endian"]?.boolean != false else {
      throw .malformed("it was written on a big-endian machine", offset: offset)
    }
    let root = try next(.standard)
    let keys = try next(PickleLimits(instructions: 500_000)).elements ?? []
    let names = keys.compactMap(\.text)
    guard names.count == keys.count, Set(names).count == names.count else {
      throw .malformed("its list of storages isn't a list of different texts", offset: offset)
    }
    return (root, names, offset)
  }

  /// The element type of every storage that the value refers to.
  private static func collectTypes(
    _ value: PickleValue, into types: inout [String: TorchDataType], path: String
  ) throws(ModelStoreError) {
    switch value {
    case .persistent(let identifier):
      let storage: TorchTensor.Storage
      do throws(TorchTensorError) {
        storage = try TorchTensor.Storage(identifier)
      } catch {
        throw ModelStoreError(.damaged, "A tensor in '\(path)' \(error.reason).")
      }
      guard types.updateValue(storage.type, forKey: storage.key) ?? storage.type == storage.type else {
        throw ModelStoreError(.damaged, "The storage '\(storage.key.quotable())' in '\(path)' has two element types.")
      }
    case .list(let members), .tuple(let members), .set(let members), .call(_, let members):
      for member in members { try collectTypes(member, into: &types, path: path) }
    case .dictionary(let dictionary):
      for entry in dictionary.entries { try collectTypes(entry.value, into: &types, path: path) }
    default: return
    }
  }
}
