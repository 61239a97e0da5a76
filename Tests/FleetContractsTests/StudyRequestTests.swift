import Digests
import FleetContracts
import Foundation
import Testing

@Suite struct StudyRequestTests {
  private static let schemas = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Sources/FleetContracts/Schemas")

  private func schema(_ name: String) throws -> [String: Any] {
    let data = try Data(contentsOf: Self.schemas.appending(path: name))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  /// A value for each member of the schema.
  private static let members = [
    "version": "1", "model": #""brain""#, "models": #"["a", "b"]"#, "weights": "[1, 2]", "folds": #"["fold_0"]"#,
    "images": #"[{"file": "a/b.nii.gz"}, {"sha256": "\#(String(repeating: "0", count: 64))"}]"#, "key": #""study-1""#,
    "class": #""stat""#, "tenant": #""ward7""#, "deadline": #""2030-01-31T12:00:00Z""#, "mirroring": "false",
    "step_size": "0.25", "probabilities": "true",
  ]

  private func request(_ members: [String: String]) throws -> StudyRequest {
    try StudyRequest(json: Array("{\(members.map { "\"\($0)\": \($1)" }.joined(separator: ","))}".utf8))
  }

  @Test func theSchemasMembersAreThoseThatAreRead() throws {
    let properties = try #require(try schema("submission.v1.json")["properties"] as? [String: Any])
    #expect(Set(properties.keys) == Set(Self.members.keys))
    let read = try request(Self.members.filter { $0.key != "model" })
    #expect(read.models == ["a", "b"] && read.weights == [1, 2] && read.folds == ["fold_0"])
    #expect(read.images.count == 2 && read.images.first == .file("a/b.nii.gz"))
    #expect(read.key == "study-1" && read.runClass == .stat && read.tenant?.name == "ward7")
    #expect(read.deadline == Date(timeIntervalSince1970: 1_896_091_200))
    #expect(read.options == RunOptions(mirroring: false, stepSize: 0.25, savesProbabilities: true))
    #expect(try request(["model": #""brain""#]).models == ["brain"])
    #expect(try request([:]).options == RunOptions())
  }

  @Test(arguments: [
    (["priority": "1"], "priority"), (["version": "2"], "version"), (["class": #""statt""#], "statt"),
    (["tenant": #""a b""#], "tenant"), (["step_size": "0"], "step size"), (["step_size": "1.5"], "step size"),
    (["deadline": #""tomorrow""#], "tomorrow"), (["key": #""""#], "key"), (["images": "[{}]"], "image"),
    (["model": #""a""#, "models": #"["b"]"#], "model"), (["models": #"["a"]"#, "weights": "[1, 2]"], "weights"),
    (["images": #"[{"file": 7}]"#], "file"), (["model": "7"], "model"),
  ]) func whatTheSchemaDoesNotKnowIsRefusedWithASentence(members: [String: String], word: String) throws {
    let error = #expect(throws: MessageError.self) { try request(members) }
    #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
  }

  @Test func schemasNameEveryStateClassAndKind() throws {
    let event = try schema("event.v1.json")
    let data = try #require((event["properties"] as? [String: Any])?["data"] as? [String: Any])
    let properties = try #require(data["properties"] as? [String: [String: Any]])
    #expect(properties["state"]?["enum"] as? [String] == RunState.allCases.map(\.rawValue))
    #expect(properties["class"]?["enum"] as? [String] == RunClass.allCases.map(\.rawValue))
    let failure = try #require(properties["failure"]?["properties"] as? [String: [String: Any]])
    #expect(failure["kind"]?["enum"] as? [String] == FailureKind.allCases.map(\.rawValue))
    let document = try String(contentsOf: Self.schemas.appending(path: "asyncapi.yaml"), encoding: .utf8)
    #expect(document.contains("[\(RunState.allCases.map(\.rawValue).joined(separator: ", "))]"))
    for name in [QueueName.ingest.rawValue, QueueName.parked.rawValue, "tessera.events", FleetEvent.contentType] {
      #expect(document.contains(name), "\(name)")
    }
    for type in [FleetEvent.schema, StudyRequest.type, StudyAnswer.type] {
      #expect(document.contains("name: \(type)") && document.contains("messageType: \(type)"), "\(type)")
      let file = "\(type.replacing("tessera.", with: "")).json"
      #expect(document.contains("./\(file)"))
      #expect(try schema(file)["title"] as? String == type)
    }
  }

  @Test func anAnswerSaysWhichRunOrWhyThereIsNone() throws {
    let question = QueueMessage(id: "q", type: StudyRequest.type, body: [1])
    let run = RunID()
    let answer = try StudyAnswer(SubmissionReceipt(run: run, isNew: true)).message(to: question)
    #expect(String(decoding: answer.body, as: UTF8.self) == #"{"new":true,"run":"\#(run)","version":1}"#)
    #expect(try StudyAnswer(error: "x").message(to: question).id != answer.id)
  }
}
