import Foundation
import Testing
import Testkit
import UNet

@testable import Inference

/// Agreement with nnU-Net 1.7.1 (design rule 2): probabilities within 1e-3 everywhere and 1e-5 on average, labels equal on at
/// least 99.999 % of voxels, the same geometry. Both sides' probabilities are rounded to float16, as nnU-Net keeps them: where a
/// value lies on a boundary that is a difference of up to 4.9e-4, but seldom.
@Suite(.serialized) struct AgreementTests {
  private static let task = Fixtures.directory.appending(path: "Task501")

  private static func committed(_ image: String, mirroring: Bool) -> AgreementCase {
    let setting = "Task501-3d_fullres-f0-\(mirroring ? "mirror" : "nomirror")"
    let answer = task.appending(path: "expected/\(setting)/\(image)")
    let npz = answer.appendingPathExtension("npz")
    return AgreementCase(
      name: "\(setting)/\(image)", model: task.appending(path: "model"), folds: .list([0]), mirroring: mirroring,
      images: [
        image == "colin_2mm"
          ? Fixtures.directory.appending(path: "demo/images/colin27_0000.nii.gz")
          : task.appending(path: "images/\(image)_0000.nii.gz")
      ],
      labels: answer.appendingPathExtension("nii.gz"),
      probabilities: FileManager.default.fileExists(atPath: npz.path) ? npz : nil)
  }

  private static let committedCases = [
    committed("colin_small", mirroring: false), committed("colin_permuted", mirroring: false),
    committed("colin_thick", mirroring: false), committed("colin_2mm", mirroring: false),
    committed("colin_2mm", mirroring: true),
  ]

  /// nnU-Net's answers in the golden folder, where that is at hand: `<task>-<configuration>-f<folds>-<mirror|nomirror>/<case>`.
  private static let goldenCases: [AgreementCase] = {
    guard let golden = Fixtures.golden else { return [] }
    let expected = golden.appending(path: "expected")
    return names(in: expected).flatMap { setting -> [AgreementCase] in
      let pattern =
        #/(?<task>Task\d+)-(?<configuration>2d|3d_lowres|3d_fullres)-f(?<folds>\d+)-(?<mirroring>no)?mirror/#
      guard let parts = setting.wholeMatch(of: pattern)?.output else { return [] }
      let task = String(parts.task)
      let models = golden.appending(path: "results/nnUNet/\(parts.configuration)")
      guard let folder = names(in: models).first(where: { $0.hasPrefix(task) }) else { return [] }
      let images = golden.appending(path: "images/\(task)")
      let answers = expected.appending(path: setting)
      return names(in: answers).filter { $0.hasSuffix(".nii.gz") }.map { file in
        let image = String(file.dropLast(".nii.gz".count))
        let npz = answers.appending(path: "\(image).npz")
        return AgreementCase(
          name: "\(setting)/\(image)", model: models.appending(path: "\(folder)/nnUNetTrainerV2__nnUNetPlansv2.1"),
          folds: .list(parts.folds.compactMap(\.wholeNumberValue)), mirroring: parts.mirroring == nil,
          images: names(in: images).filter { $0.hasPrefix("\(image)_") }.map { images.appending(path: $0) },
          labels: answers.appending(path: file),
          probabilities: FileManager.default.fileExists(atPath: npz.path) ? npz : nil)
      }
    }
  }()

  /// The names in a folder, sorted; none where there is no folder.
  private static func names(in folder: URL) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
  }

  private func check(_ example: AgreementCase, _ engine: EngineChoice) throws {
    let folder = try TemporaryFolder()
    let report = try example.compare(threads: 2, folder: folder.url, engine: engine)
    print("agreement with nnU-Net, \(report)")
    #expect(report.sameExtent, "extent, spacing, origin and direction")
    #expect(report.voxels > 0 && report.equalShare >= 0.99999)
    if example.probabilities != nil {
      let difference = try #require(report.difference)
      #expect(difference.maximum <= 1e-3)
      #expect(difference.mean <= 1e-5)
    }
  }

  @Test(arguments: committedCases, [EngineChoice.blas, .winograd])
  func committedAnswersAgree(example: AgreementCase, engine: EngineChoice) throws { try check(example, engine) }

  /// Mirrored passes take `blas` minutes; the committed case has them.
  private static let goldenRuns = goldenCases.flatMap { example in
    (example.mirroring ? [EngineChoice.winograd] : [.blas, .winograd]).map { (example, $0) }
  }

  @Test(.enabled(if: !goldenCases.isEmpty, "the golden folder is not at hand"), arguments: goldenRuns)
  func goldenAnswersAgree(example: AgreementCase, engine: EngineChoice) throws { try check(example, engine) }

  @Test(arguments: [EngineChoice.blas, .winograd])
  func threadsDoNotChangeTheBits(engine: EngineChoice) throws {
    let folder = try TemporaryFolder()
    let example = Self.committed("colin_small", mirroring: true)
    let (one, _) = try example.segment(threads: 1, folder: folder.url, engine: engine)
    let first = folder.url.appending(path: "1.npz")
    try SoftmaxArchive.write(try #require(one.probabilities), to: first)
    for threads in [2, 3] {
      let (other, _) = try example.segment(threads: threads, folder: folder.url, engine: engine)
      #expect(other.labels.elements.elementsEqual(one.labels.elements))
      #expect(other.statistics == one.statistics)
      let second = folder.url.appending(path: "\(threads).npz")
      try SoftmaxArchive.write(try #require(other.probabilities), to: second)
      #expect(try Data(contentsOf: second) == Data(contentsOf: first), "the same archive, byte by byte")
    }
  }
}
