internal import Kernels
internal import ModelPlans

/// The parameters of one fold as a winograd program's steps take them, in one piece of memory: transformed once.
///
/// A block has packed weights, then gamma and beta, zero for the padded channels; its convolution's bias isn't needed, since
/// instance normalisation subtracts each channel's mean. The head has its weights, then its bias if there is one.
///
/// Whether it was made here or comes from a file, the memory is only read: executors of several slots share it.
final class WinogradWeights: Sendable {
  let program: WinogradProgram
  let memory: any WeightMemory
  let byteCount: Int
  private let offsets: [Int]

  init(_ program: WinogradProgram, weights: some NetworkWeights, pool: ComputePool, kernels: BlockedKernels) throws {
    self.program = program
    offsets = Self.offsets(program)
    byteCount = Self.bytes(program)
    let memory = try AlignedMemory(bytes: byteCount, for: "the network's weights")
    self.memory = memory
    for (index, step) in program.steps.enumerated() {
      let target = memory.floats(at: offsets[index])
      // Files hold what lies between two steps too.
      let end = index + 1 < offsets.count ? offsets[index + 1] : byteCount / 4
      let used = Self.floats(step, program)
      (target + used).update(repeating: 0, count: end - offsets[index] - used)
      let layer = step.layer
      let count = layer.parameterCount
      switch step.operation {
      case .first(let convolution), .direct(let convolution):
        try weights.read("\(layer.convolution).weight", count) { convolution.pack($0, into: target, pool: pool) }
        try readVectors(step, program, from: weights, into: target + convolution.packedWeights)
      case .winograd(let convolution):
        try weights.read("\(layer.convolution).weight", count) { values in
          guard let upsampling = step.upsampling else {
            return convolution.pack(values, into: target, pool: pool, kernels: kernels)
          }
          try weights.read("\(upsampling.name).weight", upsampling.parameterCount) {
            convolution.pack(
              values, upsampling: $0, upsampledChannels: upsampling.outputChannels, into: target, pool: pool,
              kernels: kernels)
          }
        }
        try readVectors(step, program, from: weights, into: target + convolution.packedWeights)
      case .upsampling(let upsampling):
        try weights.read("\(layer.name).weight", count) { upsampling.pack($0, into: target, pool: pool) }
      case .slabwise(let both):
        guard let upsampling = step.upsampling else { preconditionFailure("such a step has both layers") }
        try weights.read("\(upsampling.name).weight", upsampling.parameterCount) {
          both.upsampling.pack($0, into: target, pool: pool)
        }
        try weights.read("\(layer.convolution).weight", count) {
          both.convolution.pack($0, into: target + both.upsampling.packedWeights, pool: pool, kernels: kernels)
        }
        try readVectors(step, program, from: weights, into: target + both.packedWeights)
      case .head(let head):
        try weights.read("\(layer.name).weight", count) { head.pack($0, into: target) }
        if program.description.headHasBias {
          try weights.read("\(layer.name).bias", head.classes) {
            (target + head.packedWeights).update(from: $0, count: head.classes)
          }
        }
      }
    }
  }

  /// Weights that were prepared before.
  /// - Throws: `NetworkExecutionError.wrongSize` when the memory is smaller than the network's weights.
  init(_ program: WinogradProgram, memory: any WeightMemory) throws {
    self.program = program
    offsets = Self.offsets(program)
    byteCount = Self.bytes(program)
    self.memory = memory
    guard memory.bytes.count >= byteCount else {
      throw NetworkExecutionError.wrongSize(
        what: "the network's weights", expected: byteCount / 4, found: memory.bytes.count / 4)
    }
  }

  /// What the weights of one fold take.
  static func bytes(_ program: WinogradProgram) -> Int {
    program.steps.reduce(0) { ArenaPlan.aligned($0 + floats($1, program)) } * 4
  }

  /// What decides about the bytes beside the trained weights: the version of the packing, and how each step's weights are packed, in
  /// order.
  static func layout(_ program: WinogradProgram) -> String {
    let steps = zip(program.steps, offsets(program)).map { step, offset in
      let layer = step.layer
      let sources = step.inputs.map { "\(program.tensors[$0].channels)" }.joined(separator: "+")
      return
        "\(layer.name): \(step.operation.packing), kernel \(layer.kernel), channels \(sources) of \(layer.inputChannels) to "
        + "\(layer.outputChannels), \(floats(step, program)) floats at \(offset)"
    }
    return (["winograd, layout \(PackedLayout.version)"] + steps).joined(separator: "\n")
  }

  private static func offsets(_ program: WinogradProgram) -> [Int] {
    var floats = 0
    return program.steps.map { step in
      defer { floats = ArenaPlan.aligned(floats + Self.floats(step, program)) }
      return floats
    }
  }

  func floats(ofStep step: Int) -> UnsafePointer<Float> {
    guard let base = memory.bytes.baseAddress else { preconditionFailure("the memory is as large as the weights") }
    return base.assumingMemoryBound(to: Float.self) + offsets[step]
  }

  private static func floats(_ step: WinogradProgram.Step, _ program: WinogradProgram) -> Int {
    let vectors =
      switch step.operation {
      case .first, .direct, .winograd, .slabwise: step.output.map { 2 * program.tensors[$0].paddedChannels } ?? 0
      case .upsampling: 0
      case .head(let head): program.description.headHasBias ? head.classes : 0
      }
    return step.operation.packedWeights + vectors
  }

  private func readVectors(
    _ step: WinogradProgram.Step, _ program: WinogradProgram, from weights: some NetworkWeights,
    into target: UnsafeMutablePointer<Float>
  ) throws {
    guard let output = step.output else { return }
    let padded = program.tensors[output].paddedChannels
    target.update(repeating: 0, count: 2 * padded)
    for (place, name) in ["weight", "bias"].enumerated() {
      try weights.read("\(step.layer.normalization).\(name)", step.layer.outputChannels) {
        (target + place * padded).update(from: $0, count: step.layer.outputChannels)
      }
    }
  }
}

extension NetworkLayer {
  /// Of its convolution's weight.
  fileprivate var parameterCount: Int { outputChannels * inputChannels * kernel.reduce(1, *) }
}
