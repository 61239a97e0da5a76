internal import Hummingbird
internal import PythonJSON

/// The API's own description.
struct DocumentOperations: OperationGroup {
  let title = "Description"
  private let others: [any OperationGroup]
  private let version: String

  /// - Parameter groups: all other parts of the API.
  init(groups: [any OperationGroup], version: String) {
    others = groups
    self.version = version
  }

  var operations: [Operation] {
    // Itself is part of the document, which is made once.
    var operation = Operation(
      id: "getOpenAPI", method: .get, path: "/v1/openapi.json", summary: "This description, by OpenAPI 3.1.",
      scope: nil,
      answers: [.init(status: .ok, doc: "The document.", content: .bytes(type: "application/json"))]
    ) { _ in Response(status: .ok) }
    let text = OpenAPIDocument(groups: others + [Listed(title: title, operations: [operation])], version: version).json
      .compact
    operation.handle = { _ in
      Response(
        status: .ok, headers: [.contentType: "application/json"],
        body: .init(byteBuffer: ByteBuffer(string: text + "\n")))
    }
    return [operation]
  }

  private struct Listed: OperationGroup {
    var title: String
    var operations: [Operation]
  }
}
