import Gradients
import Kernels
import ModelPlans
import Testing

@Suite struct OptimizerTests {
  /// nnU-Net's poly_lr over 1000 epochs.
  @Test(arguments: [(0, 0.01), (1, 0.0099909995), (100, 0.0090953258), (500, 0.0053588673), (999, 1.9952623e-5)])
  func theRateFallsAsNnunets(epoch: Int, rate: Double) {
    #expect(abs(PolynomialRate().rate(epoch: epoch) / rate - 1) < 1e-7)
  }

  @Test func scalesCountAsNnunets() {
    func weights(_ poolings: Int) -> [Double] {
      let three = [Int](repeating: 3, count: 3)
      return DeepSupervision(
        NetworkDescription(
          patch: [32, 32, 32], inputChannels: 1, outputChannels: 2, features: (0...poolings).map { 8 << $0 },
          kernels: [[Int]](repeating: three, count: poolings + 1),
          strides: [[Int]](repeating: [2, 2, 2], count: poolings))
      ).weights
    }
    #expect(weights(1) == [1])
    #expect(weights(3) == [2.0 / 3, 1.0 / 3])
    #expect(zip(weights(5), [8.0, 4, 2, 1]).allSatisfy { abs($0 - $1 / 15) < 1e-15 })
  }

  /// Two steps by hand: clipped gradient, decay, Nesterov's momentum.
  @Test func stepsAreThoseOfSGD() throws {
    let network = TrainedNetwork.tiny
    let trained = try network.trainable(network.parameters(seed: 1))
    trained.settings.clipNorm = 0.01
    let images = network.images(seed: 2).flatMap { $0.map { Float($0) } }
    let targets = network.targets(seed: 3).map { $0.flatMap { $0 } }
    var buffers: [String: [Double]] = [:]
    for step in 0..<2 {
      let rate: Float = step == 0 ? 0.1 : 0.05
      _ = try trained.computeGradients(images: images, targets: targets)
      var expected: [String: [Double]] = [:]
      var squares = 0.0
      for parameter in trained.parameters {
        squares += try trained.gradient(of: parameter.name).reduce(0) { $0 + Double($1) * Double($1) }
      }
      let scale = min(1, 0.01 / (squares.squareRoot() + 1e-6))
      for parameter in trained.parameters where parameter.name != "seg_outputs.0.weight" {
        let weights = try trained.values(of: parameter.name)
        let gradient = try trained.gradient(of: parameter.name)
        let g = zip(gradient, weights).map { scale * Double($0) + 3e-5 * Double($1) }
        let buffer = buffers[parameter.name].map { zip($0, g).map { 0.99 * $0 + $1 } } ?? g
        buffers[parameter.name] = buffer
        expected[parameter.name] = zip(weights, zip(g, buffer)).map {
          Double($0) - Double(rate) * ($1.0 + 0.99 * $1.1)
        }
      }
      let untouched = try trained.values(of: "seg_outputs.0.weight")
      try trained.step(images: images, targets: targets, learningRate: rate)
      for (name, values) in expected {
        #expect(relativeError(try trained.values(of: name), values) < 1e-6, "\(name)")
        #expect(relativeError(try #require(try trained.momentum(of: name)), buffers[name]!) < 1e-5, "\(name)")
      }
      #expect(try trained.values(of: "seg_outputs.0.weight") == untouched)
      #expect(try trained.momentum(of: "seg_outputs.0.weight") == nil)
    }
  }

  /// A checkpoint's parameters and momentum are all that a step depends on.
  @Test func aRestoredNetworkGoesOnAsTheFirstOne() throws {
    let network = TrainedNetwork.tiny
    let images = network.images(seed: 2).flatMap { $0.map { Float($0) } }
    let targets = network.targets(seed: 3).map { $0.flatMap { $0 } }
    let first = try network.trainable([:])
    for _ in 0..<2 { try first.step(images: images, targets: targets, learningRate: 0.01) }
    let second = try TrainableNetwork(
      description: network.network, settings: network.settings, seed: 99, pool: ComputePool(threads: 1))
    for parameter in first.parameters {
      try second.setValues(try first.values(of: parameter.name), of: parameter.name)
      try second.setMomentum(try first.momentum(of: parameter.name), of: parameter.name)
    }
    #expect(
      try first.step(images: images, targets: targets, learningRate: 0.01)
        == second.step(images: images, targets: targets, learningRate: 0.01))
    for parameter in first.parameters {
      #expect(try first.values(of: parameter.name) == second.values(of: parameter.name))
    }
  }

  @Test func initialWeightsAreHes() throws {
    let network = TrainedNetwork.all[3]  // wide
    func make(_ seed: UInt64) throws -> TrainableNetwork {
      try TrainableNetwork(
        description: network.network, settings: network.settings, seed: seed, pool: ComputePool(threads: 1))
    }
    let (first, again, other) = (try make(1), try make(1), try make(2))
    for parameter in first.parameters {
      let values = try first.values(of: parameter.name)
      #expect(try again.values(of: parameter.name) == values)
      if parameter.shape.count == 1 {
        let expected: Float = parameter.name.hasSuffix("instnorm.weight") ? 1 : 0
        #expect(values.allSatisfy { $0 == expected })
        continue
      }
      #expect(try other.values(of: parameter.name) != values)
      let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
      let variance = values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)
      let expected = 2 / (1 + 0.01 * 0.01) / Double(parameter.count / parameter.shape[0])
      // Four standard deviations of the sample's mean and variance.
      let count = Double(values.count)
      #expect(abs(mean) < 4 * (expected / count).squareRoot(), "\(parameter.name)")
      #expect(abs(variance / expected - 1) < 4 * (2 / count).squareRoot(), "\(parameter.name)")
    }
    let before = try first.values(of: "conv_blocks_context.0.blocks.0.instnorm.weight")
    first.redrawConvolutions(seed: 5)
    #expect(try first.values(of: "conv_blocks_context.0.blocks.0.instnorm.weight") == before)
    #expect(
      try first.values(of: "tu.0.weight") != again.values(of: "tu.0.weight"))
  }

  @Test func evaluationCountsTheHardLabels() throws {
    let network = TrainedNetwork.all[1]  // anisotropic
    let trained = try network.trainable(network.parameters(seed: 1))
    let images = network.images(seed: 2).flatMap { $0.map { Float($0) } }
    let targets = network.targets(seed: 3).map { $0.flatMap { $0 } }
    let evaluation = try trained.evaluate(images: images, targets: targets)
    #expect(evaluation.loss == (try trained.computeGradients(images: images, targets: targets)))
    let logits = try trained.logits(images: images)
    let (classes, voxels) = (4, targets[0].count / 2)
    var counts = [[Int]](repeating: [0, 0, 0], count: classes)
    for sample in 0..<2 {
      for voxel in 0..<voxels {
        let scores = (0..<classes).map { logits[(sample * classes + $0) * voxels + voxel] }
        let found = scores.firstIndex(of: scores.max()!)!
        let target = Int(targets[0][sample * voxels + voxel])
        if found == target {
          counts[found][0] += 1
        } else {
          counts[found][1] += 1
          counts[target][2] += 1
        }
      }
    }
    #expect(evaluation.truePositives == counts[1...].map { $0[0] })
    #expect(evaluation.falsePositives == counts[1...].map { $0[1] })
    #expect(evaluation.falseNegatives == counts[1...].map { $0[2] })
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let network = TrainedNetwork.tiny
    let trained = try network.trainable([:])
    let images = network.images(seed: 2).flatMap { $0.map { Float($0) } }
    var targets = network.targets(seed: 3).map { $0.flatMap { $0 } }
    #expect(throws: GradientsError.self) { try trained.step(images: [1], targets: targets, learningRate: 0.1) }
    #expect(throws: GradientsError.self) { try trained.step(images: images, targets: [], learningRate: 0.1) }
    targets[0][5] = 3
    #expect(throws: GradientsError.wrongClass(found: 3, classes: 3)) {
      try trained.step(images: images, targets: targets, learningRate: 0.1)
    }
    #expect(throws: GradientsError.noParameter("x")) { try trained.values(of: "x") }
    #expect(throws: GradientsError.self) { _ = try network.trainable([:], maxMemory: 1000) }
    var other = network.network
    other.finalActivation = .sigmoid
    #expect(throws: GradientsError.self) {
      _ = try TrainableNetwork(
        description: other, settings: network.settings, seed: 1, pool: ComputePool(threads: 1))
    }
  }
}
