internal import Kernels
internal import ModelPlans

/// The parameters of one fold as a program's steps take them, in one piece of memory.
///
/// A block has packed weights, then `BlockVectors`. The head has its weights, then its bias if there is one.
final class PackedWeights: Sendable {
  private let aligned: AlignedMemory
  private let offsets: [Int]
  let byteCount: Int

  var memory: any WeightMemory { aligned }

  init(_ program: NetworkProgram, weights: some NetworkWeights, pool: ComputePool) throws {
    var floats = 0
    offsets = program.steps.map { step in
      defer { floats = ArenaPlan.aligned(floats + Self.floats(step, program.description)) }
      return floats
    }
    byteCount = floats * 4
    aligned = try AlignedMemory(bytes: byteCount, for: "the network's weights")
    for (index, step) in program.steps.enumerated() {
      let target = aligned.floats(at: offsets[index])
      let name = step.layer.name
      switch step.operation {
      case .block(let block, _, _):
        try weights.read("\(step.layer.convolution).weight", block.packedWeights) {
          block.pack($0, into: target, pool: pool)
        }
        try BlockVectors(target + block.packedWeights, channels: block.outputChannels)
          .fill(step.layer, program.description.block, from: weights)
      case .upsampling(let upsampling, _):
        try weights.read("\(name).weight", upsampling.packedWeights) {
          upsampling.pack($0, into: target, pool: pool)
        }
      case .head(let head):
        let count = head.classes * head.inputChannels
        try weights.read("\(name).weight", count) { target.update(from: $0, count: count) }
        if program.description.headHasBias {
          try weights.read("\(name).bias", head.classes) { (target + count).update(from: $0, count: head.classes) }
        }
      }
    }
  }

  /// What the weights of one fold take.
  static func bytes(_ program: NetworkProgram) -> Int {
    program.steps.reduce(0) { ArenaPlan.aligned($0 + floats($1, program.description)) } * 4
  }

  func floats(ofStep step: Int) -> UnsafeMutablePointer<Float> { aligned.floats(at: offsets[step]) }

  private static func floats(_ step: NetworkProgram.Step, _ description: NetworkDescription) -> Int {
    switch step.operation {
    case .block(let block, _, _):
      block.packedWeights + BlockVectors.count(description.block) * block.outputChannels
    case .upsampling(let upsampling, _): upsampling.packedWeights
    case .head(let head): head.classes * (head.inputChannels + (description.headHasBias ? 1 : 0))
    }
  }
}

extension NetworkWeights {
  /// Calls `body` with a parameter's values once their number is as expected.
  func read(_ name: String, _ count: Int, _ body: (UnsafePointer<Float>) throws -> Void) throws {
    try withParameter(name) { values in
      guard values.count == count, let base = values.baseAddress else {
        throw NetworkExecutionError.wrongSize(what: "parameter \(name)", expected: count, found: values.count)
      }
      try body(base)
    }
  }
}
