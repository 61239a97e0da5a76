import Digests
import FleetContracts
import Testing

@Suite struct PassRequestTests {
  private func model(_ configuration: String, channels: Int = 1, previous: String? = nil) -> ModelRecord {
    ModelRecord(
      name: configuration, digest: digest(configuration), configuration: configuration, trainer: "nnUNetTrainerV2",
      channels: channels, labels: [LabelName(label: 1, name: "one")], previous: previous.map(digest))
  }

  private func digest(_ text: String) -> Digest { Digest(of: text.utf8) }

  private var cascade: ModelRecord { model(ModelRecord.cascadeConfiguration, previous: "3d_lowres") }

  @Test func aModelIsOnePass() throws {
    let passes = try PassRequest.passes(of: [.init(model: model("2d"), folds: ["all"])])
    #expect(passes == [PassRequest(model: digest("2d"), folds: ["all"])])
  }

  @Test func aCascadesFirstStageGoesBeforeIt() throws {
    let passes = try PassRequest.passes(of: [.init(model: cascade, folds: ["fold_0"], weight: 3)])
    #expect(
      passes == [
        PassRequest(model: digest("3d_lowres"), folds: ["fold_0"], weight: 0),
        PassRequest(model: cascade.digest, folds: ["fold_0"], previous: .pass(0), weight: 3),
      ])
  }

  @Test func aFirstStageThatIsAMemberTooIsPredictedOnce() throws {
    let passes = try PassRequest.passes(of: [
      .init(model: cascade), .init(model: model("2d"), weight: 2), .init(model: model("3d_lowres")),
    ])
    #expect(
      passes == [
        PassRequest(model: digest("2d"), weight: 2), PassRequest(model: digest("3d_lowres")),
        PassRequest(model: cascade.digest, previous: .pass(1)),
      ])
  }

  @Test func aGivenLabelMapTakesTheFirstStagesPlace() throws {
    let passes = try PassRequest.passes(of: [.init(model: cascade)], lowResolution: digest("map"))
    #expect(passes == [PassRequest(model: cascade.digest, previous: .image(digest("map")))])
    #expect(throws: PassRequestError.noCascade) {
      try PassRequest.passes(of: [.init(model: model("2d"))], lowResolution: digest("map"))
    }
  }

  @Test func membersThatDontBelongTogetherAreRefused() {
    var alone = cascade
    alone.previous = nil
    let cases: [([PassRequest.Member], PassRequestError)] = [
      ([], .noMember),
      ([.init(model: model("2d"), weight: 0)], .weight(0)),
      ([.init(model: model("2d")), .init(model: model("3d_fullres", channels: 2))], .mismatch("2d", "3d_fullres")),
      ([.init(model: model("2d")), .init(model: model("2d"))], .twice),
      ([.init(model: alone)], .noFirstStage(ModelRecord.cascadeConfiguration)),
    ]
    for (members, error) in cases { #expect(throws: error) { try PassRequest.passes(of: members) } }
  }
}
