internal import Pickles

/// The pickle of nnU-Net's `.model` (nnunet/training/network_training/network_trainer.py: save_checkpoint). Numbers are Python's own, not
/// numpy's, so that torch's careful reader takes them.
extension TrainingState {
  /// - Parameter storages: gets the tensors' values, which the pickle refers to by their place.
  func pickle(storages: inout [[Float]]) -> PickleValue {
    var state: [(String, PickleValue)] = []
    for tensor in parameters { state.append((tensor.name, Self.tensor(tensor.values, tensor.shape, &storages))) }
    var buffers: [(Int, PickleValue)] = []
    for (index, tensor) in parameters.enumerated() {
      guard let momentum = momenta[tensor.name] else { continue }
      buffers.append((index, .named([("momentum_buffer", Self.tensor(momentum, tensor.shape, &storages))])))
    }
    let group: PickleValue = .named([
      ("lr", .float(optimiser.learningRate)), ("momentum", .float(optimiser.momentum)), ("dampening", .int(0)),
      ("weight_decay", .float(optimiser.weightDecay)), ("nesterov", .bool(true)), ("maximize", .bool(false)),
      ("foreach", .none), ("differentiable", .bool(false)), ("fused", .none),
      ("params", .integers(Array(parameters.indices))),
    ])
    var entries: [(String, PickleValue)] = [
      ("epoch", .int(epoch)),
      ("state_dict", .named(state, isOrdered: true)),
      ("optimizer_state_dict", .named([("state", .byInteger(buffers)), ("param_groups", .list([group]))])),
      ("lr_scheduler_state_dict", .none),
      (
        "plot_stuff",
        .tuple([
          Self.floats(history.trainingLosses), Self.floats(history.validationLosses), .list([]),
          Self.floats(history.metrics),
        ])
      ),
      (
        "best_stuff",
        .tuple([
          best.epoch.map(PickleValue.int) ?? .none, best.trainingLoss.map(PickleValue.float) ?? .none,
          best.metric.map(PickleValue.float) ?? .none,
        ])
      ),
    ]
    if let continuation { entries.append((Continuation.key, continuation.pickle)) }
    return .named(entries)
  }

  static func floats(_ values: [Double]) -> PickleValue { .list(values.map(PickleValue.float)) }

  private static func tensor(_ values: [Float], _ shape: [Int], _ storages: inout [[Float]]) -> PickleValue {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    let key = String(storages.count)
    storages.append(values)
    return .call(
      PickleGlobal("torch._utils", "_rebuild_tensor_v2"),
      [
        .persistent(
          .tuple([
            .string("storage"), .symbol(PickleGlobal("torch", TorchDataType.float32.rawValue)), .string(key),
            .string("cpu"), .int(values.count),
          ])),
        .int(0), .integerTuple(shape), .integerTuple(strides), .bool(false),
        .dictionary(PickleDictionary(entries: [], isOrderedDict: true)),
      ])
  }
}

extension Continuation {
  static let key = "tessera"

  /// The seed's bits are kept as a signed number: pickles of plain values have no unsigned one.
  var pickle: PickleValue {
    .named([
      ("seed", .integer(Int64(bitPattern: seed))), ("epochs", .int(epochs)), ("iterations", .int(iterations)),
      ("validation_iterations", .int(validationIterations)),
      ("losses", TrainingState.floats(losses)),
    ])
  }

  /// `nil` for anything that isn't whole.
  init?(_ value: PickleValue) {
    guard let seed = value["seed"]?.int, let epochs = value["epochs"]?.int, let iterations = value["iterations"]?.int,
      let validationIterations = value["validation_iterations"]?.int, let entries = value["losses"]?.elements,
      epochs > 0, iterations > 0, validationIterations > 0
    else { return nil }
    let losses = entries.compactMap(\.number)
    guard losses.count == entries.count, losses.count <= iterations else { return nil }
    self.init(
      seed: UInt64(bitPattern: Int64(seed)), epochs: epochs, iterations: iterations,
      validationIterations: validationIterations, losses: losses)
  }
}
