import Foundation
import Testing
import Testkit
import UNet

@testable import Inference

/// Agreement with nnU-Net 1.7.1 where its rules have corners: `Tests/Fixtures/oracle`, made by `Tests/Peers/oracle/fixtures.py`.
@Suite(.serialized) struct OracleTests {
  private static let folder = Fixtures.directory.appending(path: "oracle")

  /// An entry of `cases.json`: a model, how it is applied, and the images that nnU-Net answered.
  private struct Entry: Decodable {
    var name: String
    var folds: [String]?
    var mirroring: Bool
    var stepSize: Double
    var channels: Int
    var images: [String]
  }

  private static let cases: [AgreementCase] = {
    let index = folder.appending(path: "cases.json")
    guard let data = try? Data(contentsOf: index), let entries = try? JSONDecoder().decode([Entry].self, from: data)
    else { return [] }
    return entries.flatMap { entry in
      let place = folder.appending(path: entry.name)
      return entry.images.map { image in
        let npz = place.appending(path: "expected/\(image).npz")
        return AgreementCase(
          name: "\(entry.name)/\(image)", model: place.appending(path: "model"),
          folds: entry.folds.map { .named($0.map { .init($0) }) } ?? .automatic, mirroring: entry.mirroring,
          stepSize: entry.stepSize,
          images: (0..<entry.channels).map { place.appending(path: "images/\(image)_000\($0).nii.gz") },
          labels: place.appending(path: "expected/\(image).nii.gz"),
          probabilities: FileManager.default.fileExists(atPath: npz.path) ? npz : nil)
      }
    }
  }()

  @Test func theCasesAreThere() { #expect(Self.cases.count > 30) }

  @Test(arguments: cases, [EngineChoice.blas, .winograd])
  func cornersAgree(example: AgreementCase, engine: EngineChoice) throws {
    let folder = try TemporaryFolder()
    let report = try example.compare(threads: 2, folder: folder.url, engine: engine)
    print("agreement with nnU-Net, \(report)")
    #expect(report.sameExtent, "extent, spacing, origin and direction")
    #expect(report.voxels > 0 && report.differing == 0)
    if example.probabilities != nil {
      let difference = try #require(report.difference)
      #expect(difference.maximum <= 1e-3)
      #expect(difference.mean <= 1e-5)
    }
  }
}
