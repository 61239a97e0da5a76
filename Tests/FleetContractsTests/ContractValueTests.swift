import Digests
import Foundation
import Testing

@testable import FleetContracts

@Suite struct ContractValueTests {
  @Test func identifiersSortByTheTimeOfTheirMaking() {
    let moments = [0, 1, 1000, 1_700_000_000, 1_700_000_000.001, 4_000_000_000]
    let identifiers = moments.map { RunID(UUID.version7(at: Date(timeIntervalSince1970: $0))).description }
    #expect(identifiers == identifiers.sorted())
    for text in identifiers { #expect(RunID(text)?.description == text && text.dropFirst(14).first == "7") }
    #expect(RunID("no UUID") == nil)
  }

  @Test func theContentDigestCoversAllButTheKey() throws {
    let base = Submission(
      images: [Digest(of: [1])], passes: [PassRequest(model: Digest(of: [2]))], options: RunOptions(), key: "a")
    var others = Array(repeating: base, count: 12)
    others[0].images.append(Digest(of: [3]))
    others[1].passes[0].model = Digest(of: [3])
    others[2].passes[0].folds = ["all"]
    others[3].options.mirroring = false
    others[4].options.stepSize = 0.25
    others[5].options.savesProbabilities = true
    others[6].images = []
    others[7].options.postprocessing = .none
    others[8].options.postprocessing = .rules(Digest(of: [4]))
    others[9].passes[0].weight = 2
    others[10].passes[0].previous = .image(Digest(of: [5]))
    others[11].passes.append(PassRequest(model: Digest(of: [6]), previous: .pass(0)))
    #expect(Set(try others.map { try $0.contentDigest }).union([try base.contentDigest]).count == 13)
    var renamed = base
    renamed.key = nil
    #expect(try renamed.contentDigest == base.contentDigest)
  }

  /// Keys of submissions are compared over years and versions; a change here would make replays conflicts.
  @Test func theContentDigestStaysTheSame() throws {
    let submission = Submission(
      images: [Digest(of: [1])], passes: [PassRequest(model: Digest(of: [2]))], options: RunOptions(stepSize: 0.3))
    let canonical =
      #"{"images":["\#(Digest(of: [1]))"],"model":"\#(Digest(of: [2]))","options":{"folds":[],"mirroring":true,"#
      + #""savesProbabilities":false,"stepSize":0.3}}"#
    #expect(try submission.contentDigest == Digest(of: canonical.utf8))
  }

  @Test func aBlobGivesItsMemoryBackWithTheLastReference() {
    final class Owner {}
    weak var seen: Owner?
    do {
      let owner = Owner()
      seen = owner
      let blob = Blob(bytes: UnsafeRawBufferPointer(start: nil, count: 0), owner: owner)
      withExtendedLifetime(blob) { #expect(seen != nil) }
    }
    #expect(seen == nil)
  }
}
