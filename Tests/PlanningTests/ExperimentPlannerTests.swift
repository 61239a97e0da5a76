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
    #expect(differences(written, pickle, path: "plans") == [])
    #expect(try Pickle.load(try PickleWriter.write(written), policy: .plain) == written)
  }

  /// Where two values differ, whatever types of Python and numpy their numbers and lists have.
  private func differences(_ one: PickleValue, _ other: PickleValue, path: String) -> [String] {
    if let a = one.dictionary, let b = other.dictionary {
      guard Set(a.entries.map(\.key)) == Set(b.entries.map(\.key)) else {
        return ["\(path): \(a.entries.map(\.key)) and \(b.entries.map(\.key))"]
      }
      return a.entries.flatMap { entry in
        differences(
          entry.value, b.entries.first { $0.key == entry.key }?.value ?? .none,
          path: "\(path).\(entry.key.text ?? "\(entry.key)")")
      }
    }
    if let a = one.elements, let b = other.elements, a.count == b.count {
      return zip(a, b).enumerated().flatMap { differences($1.0, $1.1, path: "\(path)[\($0)]") }
    }
    if let a = one.number, let b = other.number, a == b || (a.isNaN && b.isNaN) { return [] }
    if let a = one.boolean, let b = other.boolean, a == b { return [] }
    return one == other ? [] : ["\(path): \(one) and \(other)"]
  }
}
