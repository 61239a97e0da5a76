import Foundation
import Testing
import Testkit

@testable import ModelPlans

/// What nnU-Net 1.7.1's own classes say, written by `Tests/Peers/oracle_trainers.py list`.
private struct TrainerAnswers: Decodable {
  /// A trainer with 3D or with 2D plans.
  struct Answer: Decodable {
    /// Why nnU-Net itself can't make the trainer.
    var error: String?
    /// Key of the network's tensors.
    var network: String?
    /// Class of the block, normalisation and activation with their settings; two for a network of two kinds of blocks.
    var blocks: [String]?
    var inputs: Int?
    var outputs: Int?
    var activation: String?
    var regions: [Int]?
    var mirrorAxes: [Int]?
    /// Whether a prediction gives anything, without mirroring and with it.
    var predicts: Bool?
    var mirrors: Bool?

    enum CodingKeys: String, CodingKey {
      case error, network, blocks, inputs, outputs, activation, regions, predicts, mirrors
      case mirrorAxes = "mirror_axes"
    }
  }

  /// Each network's tensors: name, extents, type unless float32.
  var networks: [String: [String]]
  var answers: [[String: Answer]]
  /// Index into `answers`.
  var trainers: [String: Int]

  static let all = Result {
    try JSONDecoder().decode(
      TrainerAnswers.self, from: Data(contentsOf: Fixtures.directory.appending(path: "trainers/trainers.json")))
  }
}

@Suite("The table of trainers against nnU-Net's classes")
struct TrainerTableTests {
  /// The plans of `described` in the script.
  private func plans(axes: Int, residual: Bool) -> Plans {
    let blocks = residual ? ResidualEncoder(encoderBlocks: [1, 2, 3], decoderBlocks: [1, 1]) : nil
    let stage =
      axes == 3
      ? PlansStage(
        patch: [4, 8, 8], currentSpacing: [1, 1, 1], poolKernels: [[1, 2, 2], [2, 2, 2]],
        convolutionKernels: [[1, 3, 3], [3, 3, 3], [3, 3, 3]], residual: blocks)
      : PlansStage(
        patch: [8, 8], currentSpacing: [1, 1, 1], poolKernels: [[2, 2], [2, 2]],
        convolutionKernels: [[3, 3], [3, 3], [3, 3]], residual: blocks)
    return Plans(
      channelCount: 1, normalizationSchemes: ["nonCT"], useMaskForNormalization: [false], foregroundClasses: 2,
      baseFeatures: 8, stages: [0: stage])
  }

  @Test("the table has a word about every class of the package, and about no other")
  func names() throws {
    let answers = try TrainerAnswers.all.get()
    #expect(answers.trainers.count == 127)
    #expect(Trainer.namesInTable == Set(answers.trainers.keys))
  }

  @Test("a trainer's network, blocks, channels, activation, regions and mirroring are nnU-Net's", arguments: [3, 2])
  func answers(axes: Int) throws {
    let answers = try TrainerAnswers.all.get()
    for (name, index) in answers.trainers.sorted(by: { $0.key < $1.key }) {
      let answer = try #require(answers.answers[index]["\(axes)d"])
      let trainer: Trainer
      let network: NetworkDescription
      do {
        trainer = try Trainer(named: name)
        network = try NetworkDescription(
          plans: plans(axes: axes, residual: trainer.hasResidualEncoder), stage: 0, trainer: trainer)
      } catch {
        // Refused here: nnU-Net can't make it either, or it predicts nothing.
        #expect(answer.error != nil || answer.predicts == false, "\(name), \(axes)D: \(error)")
        #expect(error.description.contains(name))
        continue
      }
      #expect(answer.error == nil && answer.predicts == true, "\(name), \(axes)D")
      let tensors = try #require(answers.networks[answer.network ?? ""])
      #expect(Set(network.parameters.map(\.line)) == Set(tensors), "\(name), \(axes)D")
      #expect(network.parameters.count == tensors.count, "\(name), \(axes)D")
      #expect(network.blockLines == answer.blocks, "\(name), \(axes)D")
      #expect(network.inputChannels == answer.inputs && network.outputChannels == answer.outputs, "\(name), \(axes)D")
      #expect((network.finalActivation == .sigmoid) == (answer.activation == "Sigmoid"), "\(name), \(axes)D")
      #expect(trainer.regionsClassOrder == answer.regions, "\(name), \(axes)D")
      #expect((trainer.mirroring != .notAllowed) == answer.mirrors, "\(name), \(axes)D")
      if answer.mirrors == true {
        #expect(answer.mirrorAxes == (trainer.mirroring == .allAxes ? Array(0..<axes) : []), "\(name), \(axes)D")
      }
    }
  }
}

extension NetworkParameter {
  /// As the script writes a tensor.
  fileprivate var line: String {
    let extents = shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "x")
    return "\(name) \(extents)\(role == .counter ? " int64" : "")"
  }
}

extension NetworkDescription {
  /// As the script writes the kinds of blocks.
  fileprivate var blockLines: [String] {
    let normalization =
      switch block.normalization {
      case .instance: "InstanceNorm\(spatialAxes)d eps=\(block.epsilon)"
      case .batch: "BatchNorm\(spatialAxes)d eps=\(block.epsilon)"
      case .group(let groups): "MyGroupNorm eps=\(block.epsilon) num_groups=\(groups)"
      case .filterResponse: "FRN3D eps=\(block.epsilon)"
      case .none: "Identity"
      }
    let activation =
      switch block.activation {
      case .leakyReLU(let slope): "LeakyReLU negative_slope=\(slope)"
      case .relu: "ReLU"
      case .gelu: "GeLU"
      case .mish: "Mish"
      case .none: "Identity"
      }
    let classes =
      residual != nil
      ? ["BasicResidualBlock", "ConvDropoutNormReLU"]
      : [block.order == .activationFirst ? "ConvDropoutNonlinNorm" : "ConvDropoutNormNonlin"]
    return classes.map { "\($0) | \(normalization) | \(activation)" }
  }
}
