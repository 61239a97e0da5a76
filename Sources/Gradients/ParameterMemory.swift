internal import Kernels
internal import ModelPlans
internal import UNet

/// Parameters, gradients and momentum of a network, each in one piece in the order of the state dict.
final class ParameterMemory {
  struct Entry {
    let parameter: NetworkParameter
    /// In floats, on 64 bytes.
    let offset: Int
    /// Whether it gets a gradient. Heads of scales that aren't supervised don't, and are not decayed either.
    let isTrained: Bool
    /// Whether the optimiser has a buffer for it.
    var hasMomentum = false
  }

  private(set) var entries: [Entry]
  private let numbers: [String: Int]
  private let memory: AlignedMemory
  private let floats: Int

  static func bytes(_ description: NetworkDescription) -> Int { 3 * 4 * floats(description) }

  private static func floats(_ description: NetworkDescription) -> Int {
    description.parameters.reduce(0) { $0 + ArenaPlan.aligned($1.count) }
  }

  init(_ description: NetworkDescription) throws {
    let scales = DeepSupervision(description).weights.count
    let untrained = Set(
      (scales..<max(scales, description.poolings)).map { "\(description.head(level: $0).name).weight" })
    var offset = 0
    entries = description.parameters.map { parameter in
      defer { offset += ArenaPlan.aligned(parameter.count) }
      return Entry(parameter: parameter, offset: offset, isTrained: !untrained.contains(parameter.name))
    }
    floats = offset
    numbers = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.parameter.name, $0) })
    memory = try AlignedMemory(bytes: 3 * 4 * offset, for: "the parameters, their gradients and their momentum")
    memory.floats().update(repeating: 0, count: 3 * offset)
  }

  func number(of name: String) throws -> Int {
    guard let number = numbers[name] else { throw GradientsError.noParameter(name) }
    return number
  }

  func values(_ number: Int) -> UnsafeMutablePointer<Float> { memory.floats(at: entries[number].offset) }
  func gradient(_ number: Int) -> UnsafeMutablePointer<Float> { memory.floats(at: floats + entries[number].offset) }
  func momentum(_ number: Int) -> UnsafeMutablePointer<Float> { memory.floats(at: 2 * floats + entries[number].offset) }

  func setHasMomentum(_ has: Bool, _ number: Int) { entries[number].hasMomentum = has }

  func clearGradients() { memory.floats(at: floats).update(repeating: 0, count: floats) }

  private static let pieceFloats = 1 << 16

  /// Pieces of all trained parameters, for loops.
  private var pieces: [(number: Int, range: Range<Int>)] {
    entries.indices.filter { entries[$0].isTrained }.flatMap { number in
      stride(from: 0, to: entries[number].parameter.count, by: Self.pieceFloats).map {
        (number, $0..<min($0 + Self.pieceFloats, entries[number].parameter.count))
      }
    }
  }

  /// The Euclidean norm of all gradients together. Squares are added up in double, piece by piece.
  func gradientNorm(_ pool: ComputePool) -> Double {
    let pieces = pieces
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: pieces.count) { sums in
      pool.forEach(pieces.count) { item, _ in
        let (number, range) = pieces[item]
        let values = gradient(number)
        var lanes = SIMD8<Double>.zero
        var index = range.lowerBound
        while index + 8 <= range.upperBound {
          let eight = SIMD8<Double>(UnsafeRawPointer(values + index).loadUnaligned(as: SIMD8<Float>.self))
          lanes += eight * eight
          index += 8
        }
        var sum = lanes.sum()
        while index < range.upperBound {
          sum += Double(values[index]) * Double(values[index])
          index += 1
        }
        sums[item] = sum
      }
      return sums.reduce(0, +).squareRoot()
    }
  }

  /// One step of stochastic gradient descent with Nesterov's momentum, as torch.optim.SGD takes it: g = scale * gradient + decay * w;
  /// buffer = momentum * buffer + g, or g in the first step; w -= rate * (g + momentum * buffer).
  func descend(scale: Float, settings: TrainingSettings, learningRate: Float, _ pool: ComputePool) {
    let pieces = pieces
    let (momentum, decay) = (settings.momentum, settings.weightDecay)
    pool.forEach(pieces.count) { item, _ in
      let (number, range) = pieces[item]
      let (w, g, buffer) = (values(number), gradient(number), self.momentum(number))
      let old = entries[number].hasMomentum ? momentum : 0
      for index in range {
        let step = scale * g[index] + decay * w[index]
        buffer[index] = old * buffer[index] + step
        w[index] -= learningRate * (step + momentum * buffer[index])
      }
    }
    for number in entries.indices where entries[number].isTrained { entries[number].hasMomentum = true }
  }
}
