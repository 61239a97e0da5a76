import Foundation
import NiftiIO
import Postprocessing
import Testing
import Testkit
import Volumes

@Suite struct PostprocessingRulesTests {
  private func rules(_ text: String) throws -> PostprocessingRules { try PostprocessingRules(json: Data(text.utf8)) }

  @Test func everyFormOfNnunetIsRead() throws {
    #expect(
      try rules(
        #"{"for_which_classes": [[1, 2], 1], "min_valid_object_sizes": "None", "dc_per_class_raw": {"1": NaN}}"#)
        == PostprocessingRules(items: [.region([1, 2]), .label(1)]))
    #expect(try rules(#"{"for_which_classes": null}"#) == PostprocessingRules(items: nil))
    #expect(try rules(#"{"for_which_classes": []}"#) == PostprocessingRules(items: []))
    #expect(
      try rules(
        #"{"for_which_classes": [1, [1, 2], [3]], "min_valid_object_sizes": "{1: 523.0, (1, 2): 8e1, (3,): 4, (5): 0}"}"#
      )
        == PostprocessingRules(
          items: [.label(1), .region([1, 2]), .region([3])],
          minimumSizes: [.label(1): 523, .region([1, 2]): 80, .region([3]): 4, .label(5): 0]))
    #expect(try rules(#"{"for_which_classes": [], "min_valid_object_sizes": " { } "}"#).minimumSizes == [:])
  }

  @Test(arguments: [
    "", "[]", "{}", #"{"for_which_classes": 1}"#, #"{"for_which_classes": ["1"]}"#, #"{"for_which_classes": [1.5]}"#,
    #"{"for_which_classes": [true]}"#, #"{"for_which_classes": [[[1]]]}"#,
    #"{"for_which_classes": [], "min_valid_object_sizes": 3}"#,
    #"{"for_which_classes": [], "min_valid_object_sizes": ""}"#,
    #"{"for_which_classes": [], "min_valid_object_sizes": "__import__('os').getcwd()"}"#,
    #"{"for_which_classes": [], "min_valid_object_sizes": "{1: inf}"}"#,
    #"{"for_which_classes": [], "min_valid_object_sizes": "{1: 1e999}"}"#,
    #"{"for_which_classes": [], "min_valid_object_sizes": "{1: 0x10}"}"#,
    #"{"for_which_classes": [], "min_valid_object_sizes": "{1: 2} + 1"}"#,
    #"{"for_which_classes": [], "min_valid_object_sizes": "{1 2}"}"#,
    #"{"for_which_classes": [], "min_valid_object_sizes": "{(1, (2, 3)): 2}"}"#,
    #"{"for_which_classes": [], "min_valid_object_sizes": "{1: 2"}"#,
    #"{"for_which_classes": [], "min_valid_object_sizes": "{99999999999999999999: 2}"}"#,
  ]) func whatIsNoRulesIsAnErrorThatSaysWhatIsExpected(text: String) {
    let error = #expect(throws: PostprocessingError.self) { try rules(text) }
    #expect(error?.code == .unreadableRules)
    #expect(error?.description.contains("postprocessing.json") == true)
  }

  @Test func aHugeFileIsRefusedUnread() {
    let error = #expect(throws: PostprocessingError.self) {
      try PostprocessingRules(json: Data(repeating: UInt8(ascii: "["), count: 2 << 20))
    }
    #expect(error?.code == .unreadableRules)
  }

  @Test func thousandsOfItemsAreRefusedSinceEachCostsAWalkOverTheMap() {
    let items = [String](repeating: "1", count: 1025).joined(separator: ",")
    let error = #expect(throws: PostprocessingError.self) { try rules(#"{"for_which_classes": [\#(items)]}"#) }
    #expect(error?.code == .unreadableRules)
  }

  @Test func damagedFilesNeverTrap() {
    let whole = Array(#"{"for_which_classes": [[1, 2], 3], "min_valid_object_sizes": "{(1, 2): 80.0, 3: 1e2}"}"#.utf8)
    var generator = SplitMix64(seed: 5)
    for _ in 0..<20_000 { _ = try? PostprocessingRules(json: Data(Mutation.mutate(whole, using: &generator))) }
  }

  private static let samples = [
    PostprocessingRules(items: nil),
    PostprocessingRules(items: [.region([1, 2]), .label(2), .region([3]), .region([])]),
    PostprocessingRules(items: [.label(1)], minimumSizes: [.label(1): 0.1, .region([2, 1]): 3e20, .region([4]): 5]),
  ]

  @Test(arguments: samples) func rulesAreWrittenAsNnunetWritesThem(rules: PostprocessingRules) throws {
    #expect(try PostprocessingRules(json: rules.json()) == rules)
    let decoded = try JSONDecoder().decode(PostprocessingRules.self, from: try JSONEncoder().encode(rules))
    #expect(decoded == rules)
  }

  @Test func writtenRulesHaveNnunetsBytes() {
    let expected = #"""
      {
          "for_which_classes": [
              [
                  1,
                  2
              ],
              2
          ],
          "min_valid_object_sizes": "{(1, 2): 80.0}",
          "num_samples": 10
      }
      """#
    let rules = PostprocessingRules(items: [.region([1, 2]), .label(2)], minimumSizes: [.region([1, 2]): 80])
    #expect(String(decoding: rules.json(notes: ["num_samples": .integer(10)]), as: UTF8.self) == expected)
  }

  @Test(.enabled(if: Fixtures.golden != nil, "needs nnU-Net's larger set of answers (TESSERA_GOLDEN)"))
  func theEnsembleOfTheGoldenDataIsProcessedAsNnunetDid() throws {
    let expected = try #require(Fixtures.golden).appending(path: "expected")
    let rules = try PostprocessingRules(
      json: Data(contentsOf: expected.appending(path: "selection-3d_fullres-3d_lowres/ensemble-postprocessing.json")))
    let folder = expected.appending(path: "Task501-ensemble-3d_fullres-3d_lowres-f01234-nomirror")
    for name in ["colin_2mm.nii.gz", "colin_thick.nii.gz"] {
      let map = try LabelMap.load(folder.appending(path: "not_postprocessed/\(name)"))
      try rules.apply(to: map.labels, spacing: map.geometry.spacing)
      let answer = try LabelMap.load(folder.appending(path: name))
      #expect(map.labels.elements.elementsEqual(answer.labels.elements))
    }
  }
}
