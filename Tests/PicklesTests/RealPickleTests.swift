import Foundation
import Pickles
import Testing
import Testkit

@Suite("Pickles that nnU-Net wrote")
struct RealPickleTests {
  private func load(_ path: String) throws -> PickleValue {
    try Pickle.load([UInt8](Data(contentsOf: Fixtures.directory.appending(path: path))))
  }

  @Test("plans hold numbers, arrays, lists and dictionaries")
  func plans() throws {
    let plans = try load("Task501/model/plans.pkl")
    #expect(plans["num_modalities"]?.int == 1)
    #expect(plans["modalities"]?[0]?.text == "MRI")
    #expect(plans["use_mask_for_norm"]?.dictionary?.isOrderedDict == true)
    #expect(plans["use_mask_for_norm"]?[0]?.boolean == true)
    let stage = try #require(plans["plans_per_stage"]?[1])
    #expect(stage["patch_size"]?.elements?.map(\.int) == [40, 40, 32])
    #expect(stage["current_spacing"]?.elements?.map(\.number) == [2, 2, 2])
    #expect(stage["pool_op_kernel_sizes"]?.elements?.count == 3)
    #expect(plans["keep_only_largest_region"] == PickleValue.none)
  }

  @Test("the trainer's arguments stand in the model's pickle")
  func trainer() throws {
    let model = try load("demo/model/all/model_final_checkpoint.model.pkl")
    #expect(model["name"]?.text == "nnUNetTrainerV2")
    #expect(model["init"]?.elements?[5].int == 1)
    #expect(model["plans"]?["base_num_features"]?.int == 8)
  }

  @Test("a case's properties")
  func properties() throws {
    let properties = try load("Task501/expected/Task501-3d_fullres-f0-nomirror/colin_small.pkl")
    #expect(properties.dictionary?.isOrderedDict == true)
    #expect(properties["original_size_of_raw_data"] == .array(NumpyArray(integers: [22, 35, 28])))
    #expect(properties["original_spacing"] == .array(NumpyArray(doubles: [2, 2, 2])))
    #expect(properties["size_after_cropping"] == .tuple([.integer(22), .integer(35), .integer(28)]))
    #expect(properties["seg_file"] == PickleValue.none)
  }
}
