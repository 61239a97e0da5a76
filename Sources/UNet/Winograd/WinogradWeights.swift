internal import Kernels
internal import ModelPlans

/// The parameters of one fold as a winograd program's steps take them, in one piece of memory: transformed once.
///
/// A block has packed weights, then gamma and beta, zero for the padded channels; its convolution's bias isn't needed, since
/// instance normalisation subtracts each channel's mean. The head has its weights, then its bias if there is one.
final class WinogradWeights {
  private let memory: AlignedMemory
  private let offsets: [Int]

  init(_ program: WinogradProgram, weights: some NetworkWeights, pool: ComputePool, kernels: BlockedKernels) throws {
    var floats = 0
    offsets = program.steps.map { step in
      defer { floats = ArenaPlan.aligned(floats + Self.floats(step, program)) }
      return floats
    }
    memory = try AlignedMemory(bytes: floats * 4, for: "the network's weights")
    for (index, step) in program.steps.enumerated() {
      let target = memory.floats(at: offsets[index])
      let layer = step.layer
      let count = layer.outputChannels * layer.inputChannels * layer.kernel.reduce(1, *)
      switch step.operation {
      case .first(let convolution), .direct(let convolution):
        try weights.read("\(layer.convolution).weight", count) { convolution.pack($0, into: target, pool: pool) }
        try readVectors(step, program, from: weights, into: target + convolution.packedWeights)
      case .winograd(let convolution):
        try weights.read("\(layer.convolution).weight", count) {
          convolution.pack($0, into: target, pool: pool, kernels: kernels)
        }
        try readVectors(step, program, from: weights, into: target + convolution.packedWeights)
      case .upsampling(let upsampling):
        try weights.read("\(layer.name).weight", count) { upsampling.pack($0, into: target, pool: pool) }
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

  /// What the weights of one fold take.
  static func bytes(_ program: WinogradProgram) -> Int {
    program.steps.reduce(0) { ArenaPlan.aligned($0 + floats($1, program)) } * 4
  }

  func floats(ofStep step: Int) -> UnsafePointer<Float> { UnsafePointer(memory.floats(at: offsets[step])) }

  private static func floats(_ step: WinogradProgram.Step, _ program: WinogradProgram) -> Int {
    let vectors =
      switch step.operation {
      case .first, .direct, .winograd: step.output.map { 2 * program.tensors[$0].paddedChannels } ?? 0
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
