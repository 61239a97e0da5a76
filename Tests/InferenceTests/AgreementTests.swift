import Foundation
import Testing
import Testkit

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
      name: "\(setting)/\(image)", model: task.appending(path: "model"), folds: [0], mirroring: mirroring,
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

  /// All answers for Task501's 3d_fullres, where the golden folder is at hand.
  private static let goldenCases: [AgreementCase] = {
    guard let golden = Fixtures.golden else { return [] }
    let model = golden.appending(path: "results/nnUNet/3d_fullres/Task501_BrainTissue/nnUNetTrainerV2__nnUNetPlansv2.1")
    let settings = [
      ("f0-nomirror", [0], false), ("f0-mirror", [0], true), ("f01234-nomirror", [0, 1, 2, 3, 4], false),
    ]
    return settings.flatMap { name, folds, mirroring in
      let answers = golden.appending(path: "expected/Task501-3d_fullres-\(name)")
      let files = (try? FileManager.default.contentsOfDirectory(atPath: answers.path)) ?? []
      return files.filter { $0.hasSuffix(".nii.gz") }.sorted().map { file in
        let image = String(file.dropLast(".nii.gz".count))
        let npz = answers.appending(path: "\(image).npz")
        return AgreementCase(
          name: "golden \(name)/\(image)", model: model, folds: folds, mirroring: mirroring,
          images: [golden.appending(path: "images/Task501/\(image)_0000.nii.gz")],
          labels: answers.appending(path: file),
          probabilities: FileManager.default.fileExists(atPath: npz.path) ? npz : nil)
      }
    }
  }()

  private func check(_ example: AgreementCase) throws {
    let folder = try TemporaryFolder()
    let report = try example.compare(threads: 2, folder: folder.url)
    print("agreement with nnU-Net, \(report)")
    #expect(report.sameExtent, "extent, spacing, origin and direction")
    #expect(report.voxels > 0 && report.equalShare >= 0.99999)
    if example.probabilities != nil {
      let difference = try #require(report.difference)
      #expect(difference.maximum <= 1e-3)
      #expect(difference.mean <= 1e-5)
    }
  }

  @Test(arguments: committedCases) func committedAnswersAgree(example: AgreementCase) throws { try check(example) }

  @Test(.enabled(if: !goldenCases.isEmpty, "the golden folder is not at hand"), arguments: goldenCases)
  func goldenAnswersAgree(example: AgreementCase) throws { try check(example) }

  @Test func threadsDoNotChangeTheBits() throws {
    let folder = try TemporaryFolder()
    let example = Self.committed("colin_small", mirroring: true)
    let (one, _) = try example.segment(threads: 1, folder: folder.url)
    let first = folder.url.appending(path: "1.npz")
    try SoftmaxArchive.write(try #require(one.probabilities), to: first)
    for threads in [2, 3] {
      let (other, _) = try example.segment(threads: threads, folder: folder.url)
      #expect(other.labels.elements.elementsEqual(one.labels.elements))
      #expect(other.statistics == one.statistics)
      let second = folder.url.appending(path: "\(threads).npz")
      try SoftmaxArchive.write(try #require(other.probabilities), to: second)
      #expect(try Data(contentsOf: second) == Data(contentsOf: first), "the same archive, byte by byte")
    }
  }
}
