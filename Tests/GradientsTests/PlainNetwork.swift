import Foundation
import Gradients
import ModelPlans

/// nnU-Net's network, loss and gradient from plain operators, in double: layer for layer what generic_UNet.py's `forward` says, and back.
struct PlainNetwork {
  let description: NetworkDescription
  let batchDice: Bool
  /// By nnU-Net's names.
  var parameters: [String: [Double]]

  private static let slope = 0.01
  private static let epsilon = 1e-5

  private func threeAxes(_ axes: [Int]) -> [Int] { axes.count == 2 ? [1] + axes : axes }

  private func parameter(_ name: String) -> [Double] { parameters[name] ?? [] }

  /// What a block keeps for the way back.
  private struct Trace {
    var layer: NetworkLayer
    var input: PlainTensor
    var convolved: PlainTensor
    var normalized: PlainTensor
  }

  private struct Sample {
    var encoder: [[Trace]] = []
    var upsamplingInputs: [Int: PlainTensor] = [:]
    var decoder: [Int: [Trace]] = [:]
    var headInputs: [Int: PlainTensor] = [:]
    /// Of each supervised scale.
    var logits: [Int: PlainTensor] = [:]
  }

  /// - Parameters:
  ///   - images: of each sample, `[channel][z][y][x]`.
  ///   - targets: of each scale, of each sample.
  func loss(_ images: [[Double]], _ targets: [[[UInt8]]]) -> Double {
    loss(images.map(forward), targets)
  }

  private func loss(_ samples: [Sample], _ targets: [[[UInt8]]]) -> Double {
    DeepSupervision(description).weights.enumerated().reduce(0) { sum, scale in
      sum + scale.element
        * PlainLoss(classes: description.outputChannels, batchDice: batchDice)
        .value(samples.map { $0.logits[scale.offset]!.values }, targets[scale.offset])
    }
  }

  func gradients(_ images: [[Double]], _ targets: [[[UInt8]]]) -> (loss: Double, gradients: [String: [Double]]) {
    let samples = images.map(forward)
    var sums: [String: [Double]] = [:]
    let plain = PlainLoss(classes: description.outputChannels, batchDice: batchDice)
    var logitGradients: [Int: [[Double]]] = [:]
    for (scale, weight) in DeepSupervision(description).weights.enumerated() {
      logitGradients[scale] = plain.gradient(samples.map { $0.logits[scale]!.values }, targets[scale])
        .map { $0.map { weight * $0 } }
    }
    for (number, sample) in samples.enumerated() {
      backward(sample, logitGradients.mapValues { $0[number] }, &sums)
    }
    return (loss(samples, targets), sums)
  }

  private func forward(_ image: [Double]) -> Sample {
    var sample = Sample()
    var x = PlainTensor(
      channels: description.inputChannels, extent: threeAxes(description.patch), values: image)
    var skips: [PlainTensor] = []
    for level in 0...description.poolings {
      sample.encoder.append([])
      for layer in description.encoder(level: level) {
        let trace = forward(layer, x)
        x = PlainOperators.leakyReLU(trace.normalized, slope: Self.slope)
        sample.encoder[level].append(trace)
      }
      skips.append(x)
    }
    for level in (0..<description.poolings).reversed() {
      let upsampling = description.upsampling(to: level)
      sample.upsamplingInputs[level] = x
      x = PlainOperators.upsample(
        x, weights: parameter("\(upsampling.name).weight"), outputs: upsampling.outputChannels,
        factor: threeAxes(upsampling.stride))
      x = PlainOperators.concatenate(x, skips[level])
      for layer in description.decoder(level: level) {
        let trace = forward(layer, x)
        x = PlainOperators.leakyReLU(trace.normalized, slope: Self.slope)
        sample.decoder[level, default: []].append(trace)
      }
      if level < DeepSupervision(description).weights.count {
        let head = description.head(level: level)
        sample.headInputs[level] = x
        sample.logits[level] = PlainOperators.convolve(
          x, weights: parameter("\(head.name).weight"),
          bias: [Double](repeating: 0, count: head.outputChannels), kernel: [1, 1, 1], stride: [1, 1, 1])
      }
    }
    return sample
  }

  private func forward(_ layer: NetworkLayer, _ x: PlainTensor) -> Trace {
    let convolved = PlainOperators.convolve(
      x, weights: parameter("\(layer.convolution).weight"), bias: parameter("\(layer.convolution).bias"),
      kernel: threeAxes(layer.kernel), stride: threeAxes(layer.stride))
    let normalized = PlainOperators.normalize(
      convolved, gamma: parameter("\(layer.normalization).weight"), beta: parameter("\(layer.normalization).bias"),
      epsilon: Self.epsilon)
    return Trace(layer: layer, input: x, convolved: convolved, normalized: normalized)
  }

  private func backward(_ sample: Sample, _ logitGradients: [Int: [Double]], _ sums: inout [String: [Double]]) {
    func add(_ name: String, _ values: [Double]) {
      sums[name] = sums[name].map { zip($0, values).map { $0 + $1 } } ?? values
    }
    func back(_ traces: [Trace], _ gradient: PlainTensor) -> PlainTensor {
      var gradient = gradient
      for trace in traces.reversed() {
        let layer = trace.layer
        gradient = PlainOperators.leakyReLUBack(trace.normalized, gradient: gradient, slope: Self.slope)
        let normalization = PlainOperators.normalizeBack(
          trace.convolved, gamma: parameter("\(layer.normalization).weight"), gradient: gradient, epsilon: Self.epsilon)
        add("\(layer.normalization).weight", normalization.gamma)
        add("\(layer.normalization).bias", normalization.beta)
        let convolution = PlainOperators.convolveBack(
          trace.input, weights: parameter("\(layer.convolution).weight"), gradient: normalization.x,
          kernel: threeAxes(layer.kernel), stride: threeAxes(layer.stride))
        add("\(layer.convolution).weight", convolution.weights)
        add("\(layer.convolution).bias", convolution.bias)
        gradient = convolution.x
      }
      return gradient
    }

    var skips: [Int: PlainTensor] = [:]
    var gradient: PlainTensor?
    for level in 0..<description.poolings {
      if let logits = logitGradients[level], let input = sample.headInputs[level] {
        let name = "\(description.head(level: level).name).weight"
        let head = PlainOperators.convolveBack(
          input, weights: parameter(name),
          gradient: PlainTensor(channels: description.outputChannels, extent: input.extent, values: logits),
          kernel: [1, 1, 1], stride: [1, 1, 1])
        add(name, head.weights)
        gradient = gradient.map { PlainOperators.add($0, head.x) } ?? head.x
      }
      let both = back(sample.decoder[level]!, gradient!)
      let (upsampled, skip) = PlainOperators.split(both, at: description.features[level])
      skips[level] = skip
      let layer = description.upsampling(to: level)
      let upsampling = PlainOperators.upsampleBack(
        sample.upsamplingInputs[level]!, weights: parameter("\(layer.name).weight"), gradient: upsampled,
        factor: threeAxes(layer.stride))
      add("\(layer.name).weight", upsampling.weights)
      gradient = upsampling.x
    }
    for level in (0...description.poolings).reversed() {
      if let skip = skips[level] { gradient = PlainOperators.add(gradient!, skip) }
      gradient = back(sample.encoder[level], gradient!)
    }
  }
}
