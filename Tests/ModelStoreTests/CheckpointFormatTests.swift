import Foundation
import ModelPlans
import ModelStore
import Testing
import Testkit

@Suite("torch's formats")
struct CheckpointFormatTests {
  static func folder(_ format: String) -> URL { Fixtures.directory.appending(path: "formats/\(format)") }

  @Test("types, strides, views and prefixes are torch's", arguments: ["zip", "legacy"])
  func everyElement(_ format: String) throws {
    let model = try TrainedModel.open(folder: Self.folder(format))
    let weights = try model.weights(fold: FoldName(0))
    for (index, parameter) in model.network.parameters.enumerated() {
      try weights.withParameter(parameter.name) { values in
        let expected = (0..<parameter.count).map { Float($0 % 97) / 64 + Float(index) / 8 }
        #expect(Array(values) == expected, "\(parameter.name)")
      }
    }
  }

  @Test("the plans of the tiny model", arguments: ["zip", "legacy"])
  func plans(_ format: String) throws {
    let model = try TrainedModel.open(folder: Self.folder(format))
    #expect(model.configuration == .twoDimensional)
    #expect(model.stage == 0)
    #expect(!model.mirroringAllowed && model.mirrorAxes.isEmpty)
    #expect(model.plans.transposeForward == [2, 0, 1])
    #expect(model.plans.transposeBackward == [1, 2, 0])
    #expect(model.plans.convolutionsPerStage == 2)
    #expect(model.plans.intensityProperties[0]?.mean == 10.5)
    #expect(model.plans.intensityProperties[0]?.percentile99_5 == 77.5)
    #expect(model.plans.exportParameters == ExportParameters(forceSeparateZ: nil, order: 1, orderZ: 0))
    #expect(model.stagePlans.currentSpacing == [3, 1, 1])
    #expect(model.network.spatialAxes == 2)
    #expect(model.network.outputChannels == 2)
  }

  @Test("the summary tells format, epoch, digests and axes, and is JSON")
  func summary() throws {
    let zip = try ModelSummary(of: TrainedModel.open(folder: Self.folder("zip")))
    let legacy = try ModelSummary(of: TrainedModel.open(folder: Self.folder("legacy")))
    #expect(zip.folds.map(\.format) == ["zip"] && legacy.folds.map(\.format) == ["legacy"])
    #expect(zip.folds.map(\.epoch) == [3])
    #expect(zip.parameters == legacy.parameters && zip.sha256 != legacy.sha256)
    #expect(zip.spacing == [3, 1, 1] && zip.patch == [8, 16])
    #expect(zip.channels.map(\.normalization) == ["CT"])
    let encoded = try JSONEncoder().encode(zip)
    #expect(try JSONDecoder().decode(ModelSummary.self, from: encoded) == zip)
  }

  @Test("opening and reading leave the folder as it was")
  func nothingIsWritten() throws {
    let folder = Self.folder("zip")
    func listing() throws -> [String] {
      try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted().map { path in
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.appending(path: path).path)
        return "\(path) \(attributes[.modificationDate] ?? "") \(attributes[.size] ?? "")"
      }
    }
    let before = try listing()
    let model = try TrainedModel.open(folder: folder)
    _ = try model.weights(fold: FoldName(0))
    _ = try ModelSummary(of: model)
    #expect(try listing() == before)
  }
}
