import Foundation
import Pickles
import Planning
import Testing
import Testkit

@Suite struct ExperimentPlannerTests {
  @Test func thereAreVectors() { #expect(PlannerVector.all.count == 309) }

  @Test func plansAreNnunets() throws {
    for vector in PlannerVector.all {
      try compare(vector, vector.three, .three)
      try compare(vector, vector.two, .two)
    }
  }

  private func compare(
    _ vector: PlannerVector, _ expected: PlannerVector.Plan?, _ dimensions: ExperimentPlan.Dimensions
  ) throws {
    let planner = ExperimentPlanner(settings: vector.settings)
    guard let expected, expected.stages.last?.pools.isEmpty == false else {
      #expect(throws: PlanningError.self) { try planner.plan(vector.dataset, dimensions: dimensions) }
      return
    }
    let plan = try planner.plan(vector.dataset, dimensions: dimensions)
    let name = Comment(rawValue: "\(vector.testDescription), \(dimensions.rawValue)")
    #expect(plan.stages.map(PlannerVector.Stage.init) == expected.stages, name)
    #expect(plan.normalizationSchemes == expected.schemes, name)
    #expect(plan.usesMask == expected.masks, name)
    #expect(plan.transposeForward == expected.forward && plan.transposeBackward == expected.backward, name)
  }

  /// The plans of the shipped models, which aimed at less memory.
  @Test(arguments: [
    ("Task501", ExperimentPlan.Dimensions.three, 0.18), ("Task501", .two, 8), ("Task502", .three, 0.4),
    ("Task502", .two, 8),
  ])
  func plansOfTheShippedModels(task: String, dimensions: ExperimentPlan.Dimensions, memory: Double) throws {
    let file = Fixtures.directory.appending(path: "plans/\(task)_plans_\(dimensions.rawValue).pkl")
    let pickle = try Pickle.load(Array(try Data(contentsOf: file)), policy: .plain)
    let dataset = try DatasetFingerprint(pickle: try #require(pickle["dataset_properties"]))
    let planner = ExperimentPlanner(settings: PlannerSettings(baseFeatures: 8, memoryTarget: memory))
    let plan = try planner.plan(dataset, dimensions: dimensions)
    let folder = try #require(pickle["preprocessed_data_folder"]?.text)
    let cropped = try #require(pickle["list_of_npz_files"]?.elements?.first?.text)
    let written = plan.pickle(
      croppedFolder: String(cropped.prefix(upTo: try #require(cropped.lastIndex(of: "/")))), preprocessedFolder: folder)
    #expect(PickleDifferences()(written, pickle, path: "plans") == [])
    #expect(try Pickle.load(try PickleWriter.write(written), policy: .plain) == written)
  }
}
