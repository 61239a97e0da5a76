public import ModelPlans

/// What a checkpoint holds.
extension TrainableNetwork {
  /// Names and shapes, in the order of nnU-Net's state dict.
  public var parameters: [NetworkParameter] { state.entries.map(\.parameter) }

  /// He's initial weights; all momentum is dropped.
  public func initialize(seed: UInt64) {
    let initialization = initialization(seed)
    for (number, entry) in state.entries.enumerated() {
      initialization.fill(state.values(number), entry.parameter, number: number)
      state.setHasMomentum(false, number)
    }
  }

  /// Draws the weights of all convolutions anew and keeps biases, normalisations and momentum: what nnUNetTrainerV2 does when it has learnt
  /// nothing after 100 epochs.
  public func redrawConvolutions(seed: UInt64) {
    let initialization = initialization(seed)
    for (number, entry) in state.entries.enumerated() where entry.parameter.shape.count > 1 {
      initialization.fill(state.values(number), entry.parameter, number: number)
    }
    for (number, entry) in state.entries.enumerated() where entry.parameter.name.hasSuffix(".conv.bias") {
      initialization.fill(state.values(number), entry.parameter, number: number)
    }
  }

  private func initialization(_ seed: UInt64) -> HeInitialization {
    guard case .leakyReLU(let slope) = description.block.activation else {
      preconditionFailure("only networks with leaky ReLU are made")
    }
    return HeInitialization(seed: seed, slope: Double(slope))
  }

  /// - Throws: `GradientsError.noParameter`.
  public func values(of name: String) throws -> [Float] {
    let number = try state.number(of: name)
    return Array(UnsafeBufferPointer(start: state.values(number), count: state.entries[number].parameter.count))
  }

  /// - Throws: `GradientsError.noParameter`, `.wrongSize`.
  public func setValues(_ values: [Float], of name: String) throws {
    let number = try state.number(of: name)
    try check(values, number)
    state.values(number).update(from: values, count: values.count)
  }

  /// Of the last `step` or `computeGradients`, before clipping and decay. The bias of a convolution always has zeros: the normalisation
  /// after it subtracts each channel's mean.
  /// - Throws: `GradientsError.noParameter`.
  public func gradient(of name: String) throws -> [Float] {
    let number = try state.number(of: name)
    return Array(UnsafeBufferPointer(start: state.gradient(number), count: state.entries[number].parameter.count))
  }

  /// The optimiser's buffer; `nil` before the first step, and always for heads that aren't trained.
  /// - Throws: `GradientsError.noParameter`.
  public func momentum(of name: String) throws -> [Float]? {
    let number = try state.number(of: name)
    guard state.entries[number].hasMomentum else { return nil }
    return Array(UnsafeBufferPointer(start: state.momentum(number), count: state.entries[number].parameter.count))
  }

  /// - Throws: `GradientsError.noParameter`, `.wrongSize`.
  public func setMomentum(_ values: [Float]?, of name: String) throws {
    let number = try state.number(of: name)
    if let values {
      try check(values, number)
      state.momentum(number).update(from: values, count: values.count)
    }
    state.setHasMomentum(values != nil, number)
  }

  /// A copy of all parameters as they are now.
  public func trainedParameters() -> TrainedParameters {
    TrainedParameters(
      values: Dictionary(
        uniqueKeysWithValues: state.entries.enumerated().map { number, entry in
          (
            entry.parameter.name,
            Array(UnsafeBufferPointer(start: state.values(number), count: entry.parameter.count))
          )
        }))
  }

  private func check(_ values: [Float], _ number: Int) throws {
    let parameter = state.entries[number].parameter
    guard values.count == parameter.count else {
      throw GradientsError.wrongSize(what: parameter.name, expected: parameter.count, found: values.count)
    }
  }
}
