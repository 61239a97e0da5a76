import Gradients
import Kernels
import ModelPlans
import Testing
import Testkit

@Suite struct NetworkGradientTests {
  /// Along a random direction of each parameter: the plain network's gradient is that of its loss.
  @Test func thePlainNetworksGradientIsThatOfItsLoss() {
    let tiny = TrainedNetwork.tiny
    let network = PlainNetwork(
      description: tiny.network, batchDice: tiny.batchDice, parameters: tiny.parameters(seed: 1))
    let (images, targets) = (tiny.images(seed: 2), tiny.targets(seed: 3))
    let gradients = network.gradients(images, targets).gradients
    var generator = SplitMix64(seed: 4)
    let step = 1e-6
    for parameter in tiny.network.parameters {
      let direction = (0..<parameter.count).map { _ in Double.random(in: -1...1, using: &generator) }
      let losses = [step, -step].map { step in
        var moved = network
        moved.parameters[parameter.name] = zip(network.parameters[parameter.name]!, direction).map { $0 + step * $1 }
        return moved.loss(images, targets)
      }
      let difference = (losses[0] - losses[1]) / (2 * step)
      let expected = zip(gradients[parameter.name] ?? [], direction).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(difference - expected) < 1e-7, "\(parameter.name): \(difference), \(expected)")
    }
  }

  @Test(arguments: TrainedNetwork.all)
  func lossAndGradientsAreThoseOfThePlainNetworkAtEveryInstructionSet(network: TrainedNetwork) throws {
    // Parameters with which no activation lies so near to zero that its slope is a matter of rounding.
    let parameters = network.parameters(seed: 25)
    let (images, targets) = (network.images(seed: 6), network.targets(seed: 7))
    let plain = PlainNetwork(description: network.network, batchDice: network.batchDice, parameters: parameters)
      .gradients(images, targets)
    for instructionSet in InstructionSet.available {
      let fast = try network.trainable(parameters, instructionSet: instructionSet)
      let loss = try fast.computeGradients(images: flat(images), targets: targets.map { $0.flatMap { $0 } })
      #expect(abs(loss - plain.loss) < 2e-6)
      for parameter in network.network.parameters where !parameter.name.hasSuffix(".conv.bias") {
        let found = try fast.gradient(of: parameter.name)
        guard let expected = plain.gradients[parameter.name] else {
          #expect(found.allSatisfy { $0 == 0 }, "\(parameter.name) isn't trained")
          continue
        }
        // Sums of a few thousand products in float32, of which much cancels.
        #expect(relativeError(found, expected) < 5e-5, "\(parameter.name), \(instructionSet)")
      }
    }
  }

  /// What the normalisation after it subtracts again has no gradient.
  @Test func biasesBeforeNormalizationHaveNone() throws {
    let network = TrainedNetwork.tiny
    let plain = PlainNetwork(
      description: network.network, batchDice: true, parameters: network.parameters(seed: 8)
    ).gradients(network.images(seed: 9), network.targets(seed: 10))
    for (name, gradient) in plain.gradients where name.hasSuffix(".conv.bias") {
      #expect(gradient.allSatisfy { abs($0) < 1e-12 })
    }
  }

  @Test(arguments: TrainedNetwork.all)
  func anyNumberOfThreadsAndAnyMemoryGivesTheSameBits(network: TrainedNetwork) throws {
    let parameters = network.parameters(seed: 11)
    func train(threads: Int, maxMemory: Int?) throws -> (losses: [Double], values: [[Float]], way: Way) {
      let trained = try network.trainable(parameters, threads: threads, maxMemory: maxMemory)
      let losses = try (0..<3).map { step in
        try trained.step(
          images: flat(network.images(seed: 12 + UInt64(step))),
          targets: network.targets(seed: 20 + UInt64(step)).map { $0.flatMap { $0 } }, learningRate: 0.01)
      }
      return (losses, try trained.parameters.map { try trained.values(of: $0.name) }, Way(trained))
    }
    let one = try train(threads: 1, maxMemory: nil)
    #expect(one.way.group == network.batch && one.way.recomputation == .none)
    for threads in 2...4 {
      let many = try train(threads: threads, maxMemory: nil)
      #expect(many.losses == one.losses && many.values == one.values)
    }
    // From limit to limit, down to the least that it can be trained in.
    func ways(threads: Int) throws -> [Way] {
      var ways = [Way(try network.trainable(parameters, threads: threads))]
      while true {
        let next: (losses: [Double], values: [[Float]], way: Way)
        do {
          next = try train(threads: threads, maxMemory: ways[ways.count - 1].bytes - 1)
        } catch GradientsError.overMemoryLimit {
          return ways
        }
        #expect(next.way.bytes < ways[ways.count - 1].bytes)
        #expect(next.losses == one.losses && next.values == one.values, "\(threads) threads, \(next.way)")
        ways.append(next.way)
      }
    }
    for threads in 1...2 { expectAll(try ways(threads: threads), of: network) }
  }

  /// Each way of saving memory is among those that were taken.
  private func expectAll(_ ways: [Way], of network: TrainedNetwork) {
    #expect(ways.last?.group == 1 && ways.last?.recomputation != Recomputation.none, "\(ways)")
    #expect(ways.contains { $0.recomputation == .encoder })
    // Of a single coarser level there is little that wouldn't be needed again at once.
    #expect(network.network.poolings == 1 || ways.contains { $0.recomputation == .coarseLevels }, "\(ways)")
  }

  /// How a network is trained within a limit of memory.
  private struct Way {
    let group: Int
    let recomputation: Recomputation
    let bytes: Int

    init(_ network: TrainableNetwork) {
      group = network.groupSize
      recomputation = network.recomputation
      bytes = network.plannedBytes
    }
  }

  private func flat(_ images: [[Double]]) -> [Float] { images.flatMap { $0.map { Float($0) } } }
}
