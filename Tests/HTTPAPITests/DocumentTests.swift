import Digests
import FleetContracts
import Foundation
import HTTPTypes
import Hummingbird
import PythonJSON
import Testing

@testable import HTTPAPI

/// The OpenAPI document is what the code does.
@Suite struct DocumentTests {
  @Test func everyRouteIsInTheDocumentAndConversely() async throws {
    let bench = try await APIBench()
    let document = try await bench.test { try await $0.send(.get, "/v1/openapi.json", as: nil).json }
    let paths = try #require(document?["paths"]?.object)
    let documented = Set(
      paths.flatMap { path, operations in (operations.object ?? [:]).keys.map { "\($0.uppercased()) \(path)" } })
    let routes = APIServer.router(bench.services).routes.filter { $0.method != .head }
    #expect(Set(routes.map { "\($0.method.rawValue) \($0.path)" }) == documented)
    #expect(documented.count >= 18)
    #expect(document?["openapi"]?.string == "3.1.0")
    let operations = APIServer.groups(bench.services).flatMap(\.operations)
    #expect(Set(operations.map(\.id)).count == operations.count, "names are unique")
  }

  @Test func everyReferenceOfTheDocumentLeadsSomewhere() async throws {
    let bench = try await APIBench()
    let document = try #require(try await bench.test { try await $0.send(.get, "/v1/openapi.json", as: nil).json })
    var references: Set<String> = []
    func collect(_ value: JSONValue) {
      if let reference = value["$ref"]?.string { references.insert(reference) }
      value.object?.values.forEach(collect)
      value.array?.forEach(collect)
    }
    collect(document)
    #expect(references.count > 15)
    for reference in references {
      let name = reference.replacing("#/components/schemas/", with: "")
      #expect(document["components"]?["schemas"]?[name] != nil, "\(reference)")
    }
    for operation in APIServer.groups(bench.services).flatMap(\.operations) {
      let inPath = operation.path.matches(of: #/\{(\w+)\}/#).map { String($0.1) }
      #expect(operation.parameters.filter { $0.place == .path }.map(\.name) == inPath, "\(operation.path)")
    }
  }

  /// Real answers of each operation that answers JSON keep to the schemas that the document shows for them.
  @Test func answersKeepToTheirSchemas() async throws {
    let bench = try await APIBench()
    let operations = APIServer.groups(bench.services).flatMap(\.operations)
    try await bench.ledger.note(
      WorkerStatus(
        worker: "host-1", life: UUID(), number: 1, host: "host", state: .running, slots: 2, busySlots: 1,
        softwareVersion: "1", memory: 5, tileSeconds: 0.5))
    try await bench.test { (client) async throws in
      let first = try await client.run()
      try await bench.complete(first)
      let second = try await client.run()
      var checked: Set<String> = []
      func check(_ id: String, _ answer: APIBench.Answer) throws {
        let operation = try #require(operations.first { $0.id == id })
        let json = try #require(answer.json, "\(id) \(answer.text)")
        guard answer.status < 400 else {
          #expect(operation.allProblems.contains { $0.status.code == answer.status }, "\(id) \(answer.status)")
          let wrong = JSONSchema.object(Problem.objectSchema).mismatches(json)
          #expect(wrong.isEmpty, "\(id) \(wrong)")
          return
        }
        let described = try #require(operation.answers.first { $0.status.code == answer.status }, "\(id)")
        guard case .json(let schema) = described.content else { return }
        let wrong = schema.mismatches(json)
        #expect(wrong.isEmpty, "\(id) \(wrong)")
        for header in described.headers {
          #expect(
            HTTPField.Name(header.name).map { answer.response.headers[$0] != nil } == true, "\(id) \(header.name)")
        }
        checked.insert(id)
      }
      try check("listModels", try await client.send(.get, "/v1/models"))
      try check("listRuns", try await client.send(.get, "/v1/runs"))
      for run in [first, second] {
        try check("getRun", try await client.send(.get, "/v1/runs/\(run)"))
        try check("getReport", try await client.send(.get, "/v1/runs/\(run)/report.json"))
        try check("getLabelmap", try await client.send(.get, "/v1/runs/\(second)/labelmap"))
        try check("cancelRun", try await client.send(.post, "/v1/runs/\(run)/cancel"))
      }
      try check("putInput", try await client.put())
      try check("putInput", try await client.put([1, 2, 3, 4]))
      try check("getInput", try await client.send(.get, "/v1/inputs/\(Digest(of: APIBench.image))"))
      try check("submitRun", try await client.submit("{}"))
      try check(
        "submitRun", try await client.submit(#"{"model": ["tissue"], "inputs": ["\#(Digest(of: APIBench.image))"]}"#))
      try check("listWorkers", try await client.send(.get, "/v1/workers"))
      try check("getFleet", try await client.send(.get, "/v1/fleet"))
      try check("getThroughput", try await client.send(.get, "/v1/throughput"))
      try check("getQueue", try await client.send(.get, "/v1/queue"))
      let training = try await bench.training()
      try check("listTrainings", try await client.send(.get, "/v1/trainings"))
      try check("getTraining", try await client.send(.get, "/v1/trainings/\(training)"))
      try check("getTrainingCurves", try await client.send(.get, "/v1/trainings/\(training)/curves"))
      for what in ["retry", "cancel", "retry", "cancel"] {
        try check("\(what)Training", try await client.send(.post, "/v1/trainings/\(training)/\(what)"))
      }
      try check("listDeadLetters", try await client.send(.get, "/v1/dead-letters", as: "admin"))
      try check("getDeadLetter", try await client.send(.get, "/v1/dead-letters/7", as: "admin"))
      let others: Set = ["getDeadLetter", "replayDeadLetter"]  // there is no letter here; ResultTests replay one
      let expected = operations.filter { operation in
        operation.answers.contains { if case .json = $0.content { true } else { false } }
      }.map(\.id)
      #expect(checked == Set(expected).subtracting(others))
    }
  }

  @Test func aSchemaTellsWhatIsWrongAndWhere() {
    let schema = JSONSchema.object(RunRequest.schema)
    func wrong(_ json: String) -> [String] {
      ((try? JSONValue(parsing: json.utf8)).map { schema.mismatches($0) } ?? []).map { "\($0.pointer) \($0.detail)" }
    }
    let digest = APIBench.digest("x")
    #expect(wrong(#"{"model": ["a"], "inputs": ["\#(digest)"]}"#).isEmpty)
    #expect(wrong(#"{"model": ["a"], "inputs": ["\#(digest)", 7]}"#) == ["/inputs/1 must be a text"])
    #expect(wrong(#"{"model": ["a"]}"#) == [" inputs is missing"])
    #expect(wrong(#"{"model": ["a"], "inputs": ["\#(digest)"], "step_size": 2}"#) == ["/step_size must be at most 1.0"])
    #expect(wrong(#"{"model": ["a"], "inputs": ["\#(digest)"], "x": 2}"#) == [" there is no property x"])
    #expect(wrong("7") == [" must be an object"])
  }

  @Test(arguments: [
    ("2030-01-31T12:00:00Z", 1_896_091_200.0), ("2030-01-31T12:00:00.5Z", 1_896_091_200.5),
    ("2030-01-31T14:00:00+02:00", 1_896_091_200), ("2030-01-31t12:00:00z", 1_896_091_200),
    ("2030-02-01T09:13:00+21:13", 1_896_091_200), ("2030-01-31T00:00:00-12:00", 1_896_091_200),
    ("2030-01-31T12:00:00+24:00", nil), ("2030-01-31T12:00:00", nil), ("2030-01-31", nil),
    ("2030-13-31T12:00:00Z", nil), ("now", nil),
    ("2030-01-31T12:00:00Z and more", nil),
  ])
  func aPointInTimeIsReadByRFC3339(_ text: String, _ seconds: Double?) {
    #expect(Timestamp.date(text)?.timeIntervalSince1970 == seconds)
  }
}
