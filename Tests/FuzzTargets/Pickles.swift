internal import Inference
internal import ModelPlans
internal import ModelStore
internal import Pickles
internal import Volumes

extension FuzzReader {
  static let pickles: [FuzzReader] = [
    FuzzReader("pickle") { bytes, _ in
      try walk(try Pickle.load(bytes, policy: .plain))
    },
    FuzzReader("torch pickle") { bytes, _ in
      try walk(try Pickle.load(bytes, policy: .torchCheckpoint))
    },
    FuzzReader("plans") { bytes, _ in
      let value = try Pickle.load(bytes, policy: .plain)
      // The plans by themselves, or as a trainer's description holds them.
      let plans = try Plans(pickle: value["plans"] ?? value)
      for stage in plans.stages.keys {
        for trainer in ["nnUNetTrainerV2", "nnUNetTrainerV2_3ConvPerStage", "nnUNetTrainerV2CascadeFullRes"] {
          let network = try NetworkDescription(plans: plans, stage: stage, trainer: Trainer(named: trainer))
          guard network.parameterCount > 0 else { throw FuzzComplaint("the plans give a network without parameters") }
        }
      }
    },
    FuzzReader("trainer description") { bytes, scratch in
      guard try Pickle.load(bytes, policy: .plain)["init"] != nil else { throw FuzzMismatch() }
      try scratch.replace(scratch.description, with: bytes)
      defer { try? scratch.restore(scratch.description) }
      let model = try TrainedModel.open(folder: scratch.model)
      let recipe = try CaseRecipe(model)
      try CasePlanning.plan(extent: Extent(z: 20, y: 200, x: 200), spacing: Spacing(z: 5, y: 0.7, x: 0.7), recipe)
    },
    FuzzReader("case") { bytes, _ in
      let first = try CasePickle(decoding: bytes)
      let again = try CasePickle(decoding: try first.encoded())
      guard again == first else { throw FuzzComplaint("a case's pickle changes when it is written and read") }
    },
    FuzzReader("checkpoint's object") { bytes, scratch in
      guard try Pickle.load(bytes, policy: .torchCheckpoint)["state_dict"] != nil else { throw FuzzMismatch() }
      try scratch.replaceCheckpoint(pickle: bytes)
      try Checkpoints.readWeights(scratch)
    },
  ]

  /// A value that was read must bear being hashed, compared and looked up.
  private static func walk(_ value: PickleValue) throws {
    var hasher = Hasher()
    value.hash(into: &hasher)
    _ = (hasher.finalize(), value == value, value["name"], value[0], value.elements, value.number)
  }
}
