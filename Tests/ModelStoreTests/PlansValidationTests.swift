import Foundation
import ModelPlans
import Pickles
import Testing
import Testkit

@Suite("Plans that can't be right")
struct PlansValidationTests {
  private let good: PickleValue

  init() throws {
    let url = Fixtures.directory.appending(path: "Task501/model/plans.pkl")
    good = try Pickle.load([UInt8](Data(contentsOf: url)))
  }

  /// The value with what is at `path` replaced, or taken out.
  private func changing(_ value: PickleValue, _ path: [PickleValue], _ new: PickleValue?) -> PickleValue {
    guard let key = path.first else { return new ?? .none }
    guard case .dictionary(var dictionary) = value else { return value }
    if let index = dictionary.entries.firstIndex(where: { $0.key == key }) {
      if path.count == 1, new == nil {
        dictionary.entries.remove(at: index)
      } else {
        dictionary.entries[index].value = changing(dictionary.entries[index].value, Array(path.dropFirst()), new)
      }
    } else if let new {
      dictionary.entries.append(PickleDictionary.Entry(key: key, value: new))
    }
    return .dictionary(dictionary)
  }

  private func stage(_ key: String, _ new: PickleValue?) -> PickleValue {
    changing(good, [.string("plans_per_stage"), .integer(1), .string(key)], new)
  }

  private func integers(_ values: Int...) -> PickleValue { .array(NumpyArray(integers: values)) }

  @Test("an entry that is missing is named")
  func missing() {
    for key in [
      "num_modalities", "normalization_schemes", "use_mask_for_norm", "num_classes", "base_num_features",
      "plans_per_stage",
    ] {
      let error = #expect(throws: PlansError.self) { try Plans(pickle: changing(good, [.string(key)], nil)) }
      #expect(error?.description.contains("plans.\(key)") == true)
    }
    let error = #expect(throws: PlansError.self) { try Plans(pickle: stage("patch_size", nil)) }
    #expect(error == .missing(entry: "plans.plans_per_stage[1].patch_size"))
  }

  @Test("absurd numbers are errors that name the entry")
  func absurd() {
    let tops: [(String, [PickleValue])] = [
      ("num_modalities", [.integer(0), .integer(-1), .integer(.max), .string("1"), .float(1), .list([])]),
      ("num_classes", [.integer(0), .integer(256), .bigInteger([0, 0, 0, 0, 0, 0, 0, 0, 1])]),
      ("base_num_features", [.integer(0), .integer(1 << 40)]),
      ("conv_per_stage", [.integer(0), .integer(1_000_000)]),
      ("transpose_forward", [.list([.integer(0), .integer(1)]), .list([.integer(0), .integer(0), .integer(1)])]),
      ("transpose_backward", [.list([.integer(1), .integer(0), .integer(2)])]),
      ("normalization_schemes", [.string("CT"), .list([])]),
      ("segmentation_export_params", [.string("x"), .dictionary(PickleDictionary(entries: []))]),
      ("plans_per_stage", [.list([]), .dictionary(PickleDictionary(entries: []))]),
    ]
    for (key, values) in tops {
      for value in values {
        let error = #expect(throws: PlansError.self, "\(key) = \(value)") {
          try Plans(pickle: changing(good, [.string(key)], value))
        }
        #expect(error?.description.contains("plans.\(key)") == true)
      }
    }
    let stages: [(String, [PickleValue])] = [
      (
        "patch_size",
        [
          integers(), integers(40), integers(0, 40, 32), integers(-40, 40, 32), integers(40, 40, 33),
          integers(1 << 40, 1 << 40, 1 << 40), integers(8192, 8192, 8192), integers(40, 40, 32, 8), integers(40, 40),
          .none, .string("big"),
        ]
      ),
      (
        "current_spacing",
        [
          .array(NumpyArray(doubles: [2, 2])), .array(NumpyArray(doubles: [0, 2, 2])),
          .array(NumpyArray(doubles: [-1, 2, 2])), .array(NumpyArray(doubles: [.nan, 2, 2])),
          .array(NumpyArray(doubles: [.infinity, 2, 2])),
        ]
      ),
      (
        "pool_op_kernel_sizes",
        [.list([]), .list([integers(2, 2)]), .list([integers(3, 2, 2), integers(2, 2, 2), integers(2, 2, 2)])]
      ),
      (
        "conv_kernel_sizes", [.list([integers(3, 3, 3)]), .list([PickleValue](repeating: integers(2, 3, 3), count: 4))]
      ),
    ]
    for (key, values) in stages {
      for value in values {
        let error = #expect(throws: PlansError.self, "\(key) = \(value)") { try Plans(pickle: stage(key, value)) }
        #expect(error?.description.contains("plans.plans_per_stage[1].") == true)
      }
    }
  }

  @Test("CT needs intensities, with a deviation above 0")
  func intensities() {
    let ct = changing(good, [.string("normalization_schemes"), .integer(0)], .string("CT"))
    #expect(throws: PlansError.missing(entry: "plans.dataset_properties.intensityproperties[0]")) {
      try Plans(pickle: ct)
    }
    func with(sd: Double) -> PickleValue {
      let numbers = [("mean", 1), ("sd", sd), ("percentile_00_5", 0), ("percentile_99_5", 5)]
      let entries = numbers.map { PickleDictionary.Entry(key: .string($0.0), value: .float($0.1)) }
      let channels = [
        PickleDictionary.Entry(key: .integer(0), value: .dictionary(PickleDictionary(entries: entries)))
      ]
      return changing(
        ct, [.string("dataset_properties"), .string("intensityproperties")],
        .dictionary(PickleDictionary(entries: channels)))
    }
    #expect(throws: Never.self) { try Plans(pickle: with(sd: 2)) }
    #expect(throws: PlansError.self) { try Plans(pickle: with(sd: 0)) }
    #expect(throws: PlansError.self) { try Plans(pickle: with(sd: .nan)) }
  }

  @Test("old plans without kernels pool each axis in its last steps, and convolve by 3")
  func oldPlans() throws {
    var old = changing(good, [.string("plans_per_stage"), .integer(1), .string("pool_op_kernel_sizes")], nil)
    old = changing(old, [.string("plans_per_stage"), .integer(1), .string("conv_kernel_sizes")], nil)
    old = changing(
      old, [.string("plans_per_stage"), .integer(1), .string("num_pool_per_axis")],
      .list([.integer(1), .integer(3), .integer(2)]))
    for key in ["transpose_forward", "conv_per_stage", "preprocessor_name", "all_classes"] {
      old = changing(old, [.string(key)], nil)
    }
    let plans = try Plans(pickle: old)
    #expect(plans.stages[1]?.poolKernels == [[1, 2, 1], [1, 2, 2], [2, 2, 2]])
    #expect(plans.stages[1]?.convolutionKernels == [[Int]](repeating: [3, 3, 3], count: 4))
    #expect(plans.convolutionsPerStage == 2)
    #expect(plans.transposeForward == [0, 1, 2] && plans.transposeBackward == [0, 1, 2])
    #expect(plans.preprocessorName == nil)
    #expect(plans.classLabels == [1, 2])
  }

  @Test("the parameters for export are taken over")
  func exportParameters() throws {
    let entries: [PickleDictionary.Entry] = [
      .init(key: .string("force_separate_z"), value: .bool(false)),
      .init(key: .string("interpolation_order"), value: .integer(3)),
      .init(key: .string("interpolation_order_z"), value: .integer(1)),
    ]
    let plans = try Plans(
      pickle: changing(
        good, [.string("segmentation_export_params")], .dictionary(PickleDictionary(entries: entries))))
    #expect(plans.exportParameters == ExportParameters(forceSeparateZ: false, order: 3, orderZ: 1))
  }
}
