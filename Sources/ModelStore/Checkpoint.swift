internal import Foundation
internal import ModelPlans
internal import Pickles
internal import Wording

/// A fold's checkpoint, opened: which tensors it has, and its weights on demand. Everything but `state_dict` and `epoch` is left alone.
struct Checkpoint {
  let path: String
  /// `zip` or `legacy`.
  var format: String { container.format }
  /// Epochs of training, where the checkpoint tells.
  let epoch: Int?
  /// By name, without the prefix that parallel training adds.
  let tensors: [String: TorchTensor]
  let container: any CheckpointContainer

  /// Tensors of a state dict; nnU-Net's largest networks have a few hundred.
  private static let tensorLimit = 100_000
  private static let parallelPrefix = "module."

  /// Reads the checkpoint's pickle.
  /// - Throws: `ModelStoreError`.
  init(_ url: URL) throws(ModelStoreError) {
    path = url.path
    container = try CheckpointFile.open(url)
    guard let state = container.root["state_dict"]?.dictionary else {
      throw ModelStoreError(
        .damaged, "'\(path)' has no 'state_dict'; nnU-Net's checkpoints do. Is it a checkpoint of another framework?")
    }
    guard state.entries.count <= Checkpoint.tensorLimit else {
      throw ModelStoreError(.damaged, "'\(path)' has \(state.entries.count) tensors, more than any network.")
    }
    let epoch = container.root["epoch"]?.int
    self.epoch = epoch.map { $0 >= 0 } == true ? epoch : nil
    var tensors: [String: TorchTensor] = [:]
    for entry in state.entries {
      guard let name = entry.key.text else {
        throw ModelStoreError(.damaged, "The 'state_dict' of '\(path)' has a key that isn't text.")
      }
      let bare =
        name.hasPrefix(Checkpoint.parallelPrefix) ? String(name.dropFirst(Checkpoint.parallelPrefix.count)) : name
      do throws(TorchTensorError) {
        guard let tensor = try TorchTensor(entry.value) else {
          throw TorchTensorError(reason: "is another kind of value")
        }
        guard tensors.updateValue(tensor, forKey: bare) == nil else {
          throw TorchTensorError(reason: "is there twice")
        }
      } catch {
        throw ModelStoreError(.damaged, "The tensor '\(name.quotable())' in '\(path)' \(error.reason).")
      }
    }
    self.tensors = tensors
  }

  /// Holds the tensors against the network that the plans describe.
  /// - Throws: `ModelStoreError` that names the tensors which are missing, left over, or of another shape or type.
  func check(against network: NetworkDescription) throws(ModelStoreError) {
    let parameters = network.parameters
    let missing = parameters.filter { $0.role != .counter && tensors[$0.name] == nil }.map { "'\($0.name)'" }
    let expected = Set(parameters.map(\.name))
    let unexpected = tensors.keys.filter { !expected.contains($0) }.sorted().map { "'\($0.quotable())'" }
    let misshapen = parameters.compactMap { parameter -> String? in
      guard let tensor = tensors[parameter.name] else { return nil }
      if tensor.shape != parameter.shape { return "'\(parameter.name)' \(tensor.shape) instead of \(parameter.shape)" }
      if parameter.role == .counter { return nil }
      return tensor.storage.type.isFloatingPoint ? nil : "'\(parameter.name)' of type \(tensor.storage.type.rawValue)"
    }
    let complaints = [
      ("missing", missing), ("unexpected", unexpected), ("of another shape", misshapen),
    ].filter { !$0.1.isEmpty }.map { Checkpoint.list($0.0, $0.1) }
    guard complaints.isEmpty else {
      throw ModelStoreError(
        .mismatch,
        "The checkpoint '\(path)' doesn't fit the network that the plans describe: \(complaints.joined(separator: "; ")). "
          + "Are plans and checkpoint of the same training?")
    }
  }

  private static let shownNames = 5

  private static func list(_ what: String, _ names: [String]) -> String {
    let more = names.count > shownNames ? " and \(names.count - shownNames) more" : ""
    return "\(names.count) \(what): " + names.prefix(shownNames).joined(separator: ", ") + more
  }

  /// Reads the weights of `network`: each storage once, straight into its place where it stands there as it is needed.
  /// - Throws: `ModelStoreError` when the tensors don't fit the network, or the file doesn't hold them.
  func weights(of network: NetworkDescription) throws(ModelStoreError) -> FoldWeights {
    try check(against: network)
    let parameters = network.parameters.filter(\.isNeeded)
    try checkStorages(of: parameters)
    let weights = FoldWeights(parameters)
    var shared: [String: [UInt8]] = [:]
    for parameter in parameters {
      guard let tensor = tensors[parameter.name] else { continue }
      let target = weights.memory(of: parameter.name)
      try read(tensor, into: target, shared: &shared)
      guard target.allSatisfy(\.isFinite) else {
        throw ModelStoreError(
          .damaged,
          "The tensor '\(parameter.name)' in '\(path)' has values that aren't finite; the training must have failed.")
      }
    }
    return weights
  }

  /// Reads a tensor's elements in C order as float32.
  /// - Parameters:
  ///   - target: memory for all of them.
  ///   - shared: storages that were read before and may be needed again.
  private func read(
    _ tensor: TorchTensor, into target: UnsafeMutableBufferPointer<Float>, shared: inout [String: [UInt8]]
  ) throws(ModelStoreError) {
    if tensor.storage.type == .float32, tensor.isWholeStorage {
      // Checkpoints and machines that Tessera runs on are little-endian.
      try container.read(tensor.storage, into: UnsafeMutableRawBufferPointer(target))
    } else {
      if shared[tensor.storage.key] == nil { shared[tensor.storage.key] = try storage(tensor.storage) }
      shared[tensor.storage.key]?.withUnsafeBytes { Checkpoint.gather(tensor, from: $0, into: target) }
    }
  }

  /// A tensor's elements in C order as float32.
  /// - Throws: `ModelStoreError` where the file doesn't hold them.
  func values(of tensor: TorchTensor) throws(ModelStoreError) -> [Float] {
    try container.check(tensor.storage)
    var values = [Float](repeating: 0, count: tensor.count)
    var shared: [String: [UInt8]] = [:]
    let result: Result<Void, ModelStoreError> = values.withUnsafeMutableBufferPointer { target in
      do throws(ModelStoreError) { return .success(try read(tensor, into: target, shared: &shared)) } catch {
        return .failure(error)
      }
    }
    try result.get()
    return values
  }

  /// Makes sure that the file can hold the parameters, before memory is taken for them: a few bytes may describe gigabytes.
  private func checkStorages(of parameters: [NetworkParameter]) throws(ModelStoreError) {
    var storages: [String: TorchTensor.Storage] = [:]
    for parameter in parameters {
      guard let storage = tensors[parameter.name]?.storage, storages.updateValue(storage, forKey: storage.key) == nil
      else { continue }
      try container.check(storage)
    }
    let needed = parameters.reduce(0) { $0 + $1.count }
    let held = storages.values.reduce(0) { $0 + $1.count }
    guard needed <= held else {
      throw ModelStoreError(
        .damaged,
        "The tensors of '\(path)' have \(needed) elements and share \(held); a network's parameters share none.")
    }
  }

  /// All bytes of a storage.
  private func storage(_ storage: TorchTensor.Storage) throws(ModelStoreError) -> [UInt8] {
    // Checked to fit when the reference was read.
    let size = storage.count * storage.type.size
    guard size <= container.fileSize else {
      throw ModelStoreError(
        .damaged, "The storage '\(storage.key.quotable())' claims \(size) bytes, more than '\(path)' has.")
    }
    var bytes = [UInt8](repeating: 0, count: size)
    let result: Result<Void, ModelStoreError> = bytes.withUnsafeMutableBytes { buffer in
      do throws(ModelStoreError) { return .success(try container.read(storage, into: buffer)) } catch {
        return .failure(error)
      }
    }
    try result.get()
    return bytes
  }

  /// Copies a tensor's elements to C order as float32.
  private static func gather(
    _ tensor: TorchTensor, from bytes: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>
  ) {
    let type = tensor.storage.type
    let size = type.size
    var index = [Int](repeating: 0, count: tensor.shape.count)
    var source = tensor.offset
    for position in 0..<target.count {
      target[position] = type.float(bytes, at: source * size)
      var axis = index.count - 1
      while axis >= 0 {
        index[axis] += 1
        source += tensor.strides[axis]
        if index[axis] < tensor.shape[axis] { break }
        source -= tensor.strides[axis] * tensor.shape[axis]
        index[axis] = 0
        axis -= 1
      }
    }
  }
}
