import Testing
import Testkit

/// The plain gradients against finite differences in double, for every operator: what is tested against them may then be trusted.
@Suite struct PlainOperatorTests {
  private static func random(_ count: Int, seed: UInt64) -> [Double] {
    var generator = SplitMix64(seed: seed)
    return (0..<count).map { _ in Double.random(in: -1...1, using: &generator) }
  }

  private static func tensor(_ channels: Int, _ extent: [Int], seed: UInt64) -> PlainTensor {
    PlainTensor(channels: channels, extent: extent, values: random(channels * extent.reduce(1, *), seed: seed))
  }

  /// `sum of c * f(values)` and its gradient by central differences.
  private func differences(_ values: [Double], _ c: [Double], _ f: ([Double]) -> [Double]) -> [Double] {
    let step = 1e-5
    return values.indices.map { index in
      var (above, below) = (values, values)
      above[index] += step
      below[index] -= step
      return zip(zip(f(above), f(below)), c).reduce(0) { $0 + ($1.0.0 - $1.0.1) * $1.1 } / (2 * step)
    }
  }

  private func expectEqual(
    _ a: [Double], _ b: [Double], _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let largest = zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(a.count == b.count && largest < 1e-8, comment, sourceLocation: sourceLocation)
  }

  @Test(arguments: [
    ([3, 3, 3], [1, 1, 1]), ([3, 3, 3], [2, 2, 2]), ([1, 3, 3], [1, 2, 2]), ([1, 3, 3], [1, 1, 1]),
    ([3, 3, 3], [1, 2, 2]), ([3, 1, 3], [2, 1, 2]), ([1, 1, 1], [1, 1, 1]),
  ])
  func convolution(kernel: [Int], stride: [Int]) {
    let x = Self.tensor(2, [2, 4, 4], seed: 1)
    let weights = Self.random(3 * 2 * kernel.reduce(1, *), seed: 2)
    let bias = Self.random(3, seed: 3)
    func f(_ x: [Double], _ w: [Double], _ b: [Double]) -> [Double] {
      PlainOperators.convolve(
        PlainTensor(channels: 2, extent: [2, 4, 4], values: x), weights: w, bias: b, kernel: kernel, stride: stride
      ).values
    }
    let y = PlainOperators.convolve(x, weights: weights, bias: bias, kernel: kernel, stride: stride)
    let c = Self.random(y.values.count, seed: 4)
    let back = PlainOperators.convolveBack(
      x, weights: weights, gradient: PlainTensor(channels: 3, extent: y.extent, values: c), kernel: kernel,
      stride: stride)
    expectEqual(back.x.values, differences(x.values, c) { f($0, weights, bias) })
    expectEqual(back.weights, differences(weights, c) { f(x.values, $0, bias) })
    expectEqual(back.bias, differences(bias, c) { f(x.values, weights, $0) })
  }

  @Test(arguments: [[2, 2, 2], [1, 2, 2], [1, 2, 1]])
  func transposedConvolution(factor: [Int]) {
    let x = Self.tensor(3, [2, 2, 3], seed: 5)
    let weights = Self.random(3 * 2 * factor.reduce(1, *), seed: 6)
    func f(_ x: [Double], _ w: [Double]) -> [Double] {
      PlainOperators.upsample(
        PlainTensor(channels: 3, extent: [2, 2, 3], values: x), weights: w, outputs: 2, factor: factor
      ).values
    }
    let y = PlainOperators.upsample(x, weights: weights, outputs: 2, factor: factor)
    let c = Self.random(y.values.count, seed: 7)
    let back = PlainOperators.upsampleBack(
      x, weights: weights, gradient: PlainTensor(channels: 2, extent: y.extent, values: c), factor: factor)
    expectEqual(back.x.values, differences(x.values, c) { f($0, weights) })
    expectEqual(back.weights, differences(weights, c) { f(x.values, $0) })
  }

  @Test func instanceNormalization() {
    let x = Self.tensor(2, [2, 3, 2], seed: 8)
    let (gamma, beta) = (Self.random(2, seed: 9), Self.random(2, seed: 10))
    let c = Self.random(x.values.count, seed: 11)
    func f(_ x: [Double], _ g: [Double], _ b: [Double]) -> [Double] {
      PlainOperators.normalize(
        PlainTensor(channels: 2, extent: [2, 3, 2], values: x), gamma: g, beta: b, epsilon: 1e-5
      ).values
    }
    let back = PlainOperators.normalizeBack(
      x, gamma: gamma, gradient: PlainTensor(channels: 2, extent: x.extent, values: c), epsilon: 1e-5)
    expectEqual(back.x.values, differences(x.values, c) { f($0, gamma, beta) })
    expectEqual(back.gamma, differences(gamma, c) { f(x.values, $0, beta) })
    expectEqual(back.beta, differences(beta, c) { f(x.values, gamma, $0) })
  }

  @Test func leakyReLU() {
    let x = Self.tensor(1, [1, 5, 5], seed: 12)
    let c = Self.random(25, seed: 13)
    let back = PlainOperators.leakyReLUBack(
      x, gradient: PlainTensor(channels: 1, extent: x.extent, values: c), slope: 0.01)
    let found = differences(x.values, c) {
      PlainOperators.leakyReLU(PlainTensor(channels: 1, extent: [1, 5, 5], values: $0), slope: 0.01).values
    }
    expectEqual(back.values, found)
  }

  @Test(arguments: [true, false])
  func loss(batchDice: Bool) {
    let loss = PlainLoss(classes: 3, batchDice: batchDice)
    let logits = (0..<2).map { Self.random(3 * 5, seed: 14 + UInt64($0)) }
    let targets: [[UInt8]] = [[0, 1, 2, 0, 1], [2, 2, 0, 0, 0]]
    let back = loss.gradient(logits, targets)
    for sample in 0..<2 {
      let found = differences(logits[sample], [1]) { values in
        var changed = logits
        changed[sample] = values
        return [loss.value(changed, targets)]
      }
      expectEqual(back[sample], found)
    }
  }
}
