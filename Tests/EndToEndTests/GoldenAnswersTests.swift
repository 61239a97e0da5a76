import Foundation
import NiftiIO
import Testing
import Testkit
import Volumes

/// Cascades and ensembles as a user types them, held against nnU-Net's own answers: 99.999 % of labels equal (design rule 2).
@Suite(.serialized, .enabled(if: Fixtures.golden != nil, "the golden folder is not at hand"))
struct GoldenAnswersTests {
  private let golden = Fixtures.golden ?? Fixtures.directory
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func image(_ name: String) -> URL { golden.appending(path: "images/Task501/\(name)_0000.nii.gz") }

  private static let engines = [["--engine", "blas"], ["--engine", "winograd"]]

  private func predict(_ name: String, _ arguments: [String], into out: String = "out") async throws -> URL {
    let folder = folder.url
    let result = try await TesseraProcess.run(
      [
        "predict", "-i", image(name).path, "-o", folder.appending(path: out).path, "-t", "501", "--disable_tta",
      ] + arguments, environment: ["RESULTS_FOLDER": golden.appending(path: "results").path], folder: folder)
    try #require(result.code == 0, "\(result.log)")
    return folder.appending(path: "\(out)/\(name).nii.gz")
  }

  private func differing(_ ours: LabelVolume, _ expected: LabelVolume) throws -> Int {
    try #require(ours.extent == expected.extent)
    return withExtendedLifetime((ours, expected)) {
      zip(ours.elements, expected.elements).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) }
    }
  }

  private func check(_ ours: URL, against answer: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let ours = try LabelMap.load(ours).labels
    let expected = try LabelMap.load(golden.appending(path: "expected/\(answer).nii.gz")).labels
    let differing = try differing(ours, expected)
    print("agreement with nnU-Net, \(answer): \(differing) of \(ours.extent.count) labels differ")
    #expect(Double(differing) <= 1e-5 * Double(ours.extent.count), sourceLocation: sourceLocation)
  }

  @Test(arguments: engines)
  func aCascadePredictsItsFirstStageOrTakesIt(engine: [String]) async throws {
    let answer = "Task501-3d_cascade_fullres-f01-nomirror/colin_2mm"
    let cascade = ["-m", "3d_cascade_fullres", "-f", "0", "1"] + engine
    let whole = try await predict("colin_2mm", cascade)
    try check(whole, against: answer)

    let stages = folder.url.appending(path: "out/3d_lowres_predictions")
    let second = try await predict("colin_2mm", cascade + ["-l", stages.path], into: "second")
    #expect(try differing(try LabelMap.load(second).labels, try LabelMap.load(whole).labels) == 0)
  }

  @Test(arguments: engines)
  func anEnsembleOfConfigurationsWithAndWithoutPostprocessing(engine: [String]) async throws {
    let answer = "Task501-ensemble-3d_fullres-3d_lowres-f01234-nomirror"
    let rules = golden.appending(path: "expected/selection-3d_fullres-3d_lowres/ensemble-postprocessing.json")
    let ensemble = ["-m", "3d", "3d_lowres"] + engine
    try check(try await predict("colin_2mm", ensemble + ["-pp", rules.path]), against: "\(answer)/colin_2mm")
    // Ten networks on more tiles take `blas` a minute.
    guard engine != ["--engine", "blas"] else { return }
    try check(try await predict("colin_thick", ensemble), against: "\(answer)/not_postprocessed/colin_thick")
  }
}
