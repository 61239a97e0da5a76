public import Foundation
public import ModelPlans
internal import Pickles

extension TrainingState {
  /// Reads a checkpoint that nnU-Net or Tessera wrote, with its optimiser's state, to go on training.
  /// - Parameter network: that the checkpoint must fit.
  /// - Throws: `ModelStoreError`; for tensors that are missing, unexpected or of another shape it names them.
  public init(reading url: URL, network: NetworkDescription) throws(ModelStoreError) {
    let checkpoint = try Checkpoint(url)
    let weights = try checkpoint.weights(of: network)
    let parameters = network.parameters.filter(\.isNeeded)
    let root = checkpoint.container.root
    let reader = StateReader(path: url.path, checkpoint: checkpoint)
    history = try reader.history(root["plot_stuff"])
    guard let epoch = checkpoint.epoch, epoch <= Self.epochLimit else {
      throw reader.damaged("has no 'epoch' that makes sense")
    }
    // As nnU-Net: the curves are right where they and the number of epochs differ.
    self.epoch = history.trainingLosses.count
    (momenta, optimiser) = try reader.optimiser(root["optimizer_state_dict"], parameters: parameters)
    best = reader.best(root["best_stuff"])
    continuation = root[Continuation.key].flatMap { Continuation($0) }
    self.parameters = parameters.map { parameter in
      TrainedTensor(
        name: parameter.name, shape: parameter.shape,
        values: Array(UnsafeBufferPointer(weights.memory(of: parameter.name))))
    }
    withExtendedLifetime(weights) {}
  }

  private static let epochLimit = 1 << 30

  /// How far a checkpoint is, without reading its tensors: epochs that are done, and iterations of the next one.
  /// - Throws: `ModelStoreError` for a file that isn't a checkpoint.
  public static func progress(of url: URL) throws(ModelStoreError) -> (epochs: Int, iterations: Int) {
    let root = try CheckpointFile.open(url).root
    let epochs = root["plot_stuff"]?.elements?.first?.elements?.count ?? 0
    return (epochs, root[Continuation.key].flatMap { Continuation($0) }?.losses.count ?? 0)
  }

  /// What Tessera noted of the run, without reading tensors; `nil` in nnU-Net's checkpoints.
  /// - Throws: `ModelStoreError` for a file that isn't a checkpoint.
  public static func continuation(of url: URL) throws(ModelStoreError) -> Continuation? {
    try CheckpointFile.open(url).root[Continuation.key].flatMap { Continuation($0) }
  }

  /// Reads the weights of another training of the same kind, to start from: nnU-Net's `-pretrained_weights`
  /// (nnunet/run/load_pretrained_weights.py). Heads for other classes, and whatever else has another shape there, are left out.
  /// - Returns: tensors by name.
  /// - Throws: `ModelStoreError` when one of the blocks (`conv_blocks…`) is missing or of another shape: then it is another network.
  public static func pretrained(
    _ url: URL, for network: NetworkDescription
  ) throws(ModelStoreError) -> [String: [Float]] {
    let checkpoint = try Checkpoint(url)
    var values: [String: [Float]] = [:]
    for parameter in network.parameters where parameter.isNeeded {
      let tensor = checkpoint.tensors[parameter.name]
      guard let tensor, tensor.shape == parameter.shape, tensor.storage.type.isFloatingPoint else {
        guard parameter.name.contains("conv_blocks") else { continue }
        throw ModelStoreError(
          .mismatch,
          "The pretrained weights in '\(url.path)' don't fit the network: '\(parameter.name)' must be \(parameter.shape), found "
            + "\(tensor.map { "\($0.shape)" } ?? "none"). They must come from a training with the same plans; plan this task with "
            + "theirs (-p).")
      }
      let read = try checkpoint.values(of: tensor)
      guard read.allSatisfy(\.isFinite) else {
        throw ModelStoreError(
          .damaged, "The tensor '\(parameter.name)' in '\(url.path)' has values that aren't finite.")
      }
      values[parameter.name] = read
    }
    return values
  }
}

/// Reads the parts of a checkpoint that only training needs.
private struct StateReader {
  let path: String
  let checkpoint: Checkpoint

  func damaged(_ what: String) -> ModelStoreError {
    ModelStoreError(.damaged, "The checkpoint '\(path)' can't be continued from: it \(what).")
  }

  func history(_ value: PickleValue?) throws(ModelStoreError) -> TrainingHistory {
    guard let curves = value?.elements, curves.count == 4 else { throw damaged("has no 'plot_stuff'") }
    func curve(_ index: Int) throws(ModelStoreError) -> [Double] {
      let entries = curves[index].elements ?? []
      let numbers = entries.compactMap(\.number)
      guard numbers.count == entries.count else { throw damaged("has a curve that isn't numbers") }
      return numbers
    }
    var history = TrainingHistory()
    history.trainingLosses = try curve(0)
    history.validationLosses = try curve(1)
    history.metrics = try curve(3)
    let count = history.trainingLosses.count
    guard history.validationLosses.count == count, history.metrics.count == count else {
      throw damaged("has curves of different lengths")
    }
    return history
  }

  func best(_ value: PickleValue?) -> BestMarks {
    var best = BestMarks()
    guard let marks = value?.elements, marks.count == 3 else { return best }
    best.epoch = marks[0].int
    best.trainingLoss = marks[1].number
    best.metric = marks[2].number
    return best
  }

  /// nnU-Net's own settings where the checkpoint has no optimiser: it was written to predict.
  private static let standard = OptimiserSettings(learningRate: 0.01, momentum: 0.99, weightDecay: 3e-5)

  func optimiser(
    _ value: PickleValue?, parameters: [NetworkParameter]
  ) throws(ModelStoreError) -> ([String: [Float]], OptimiserSettings) {
    guard let value, !value.isNone else { return ([:], Self.standard) }
    guard let state = value["state"]?.dictionary, let group = value["param_groups"]?.elements?.first,
      let learningRate = group["lr"]?.number, let momentum = group["momentum"]?.number,
      let weightDecay = group["weight_decay"]?.number
    else { throw damaged("has an optimiser that isn't stochastic gradient descent with momentum") }
    // torch numbers parameters through the group's list; nnU-Net's are 0, 1, 2 ….
    let numbers = group["params"]?.elements?.compactMap(\.int) ?? []
    guard numbers.count == parameters.count else {
      throw damaged("has an optimiser for \(numbers.count) parameters, the network has \(parameters.count)")
    }
    var momenta: [String: [Float]] = [:]
    for (number, parameter) in zip(numbers, parameters) {
      guard let entry = state[number]?["momentum_buffer"], !entry.isNone else { continue }
      let tensor: TorchTensor?
      do throws(TorchTensorError) { tensor = try TorchTensor(entry) } catch {
        throw damaged("has a momentum of '\(parameter.name)' that \(error.reason)")
      }
      guard let tensor, tensor.shape == parameter.shape, tensor.storage.type.isFloatingPoint else {
        throw damaged("has a momentum of '\(parameter.name)' with another shape")
      }
      momenta[parameter.name] = try checkpoint.values(of: tensor)
    }
    return (momenta, OptimiserSettings(learningRate: learningRate, momentum: momentum, weightDecay: weightDecay))
  }
}
