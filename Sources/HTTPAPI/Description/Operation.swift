internal import FleetContracts
internal import Hummingbird
internal import PythonJSON

/// One thing that the API does. The router's routes and the OpenAPI document are both made from operations, so that they can't disagree.
struct Operation: Sendable {
  /// Its name in the document, and in generated clients.
  var id: String
  var method: HTTPRequest.Method
  /// With parameters in braces: `/v1/runs/{run}`.
  var path: String
  var summary: String
  /// A longer explanation, where one helps.
  var detail = ""
  /// What the caller's token must be good for; `nil`: whoever comes.
  var scope: TokenScope?
  var parameters: [Parameter] = []
  var body: BodyDescription?
  var answers: [AnswerDescription]
  /// What may go wrong, beside what may always (`commonProblems`).
  var problems: [Problem.Kind] = []
  var handle: @Sendable (APIRequest) async throws -> Response
}

/// A part of the API: some operations that belong together. To add a part, make one and add it to `APIServer.groups`.
protocol OperationGroup: Sendable {
  /// Its heading in the document.
  var title: String { get }
  var operations: [Operation] { get }
}

/// A value in the path, the query or a header.
struct Parameter: Sendable {
  enum Place: String, Sendable { case path, query, header }

  var name: String
  var place: Place
  var doc: String
  var schema: JSONSchema
  var isRequired: Bool

  static func path(_ name: String, _ schema: JSONSchema, _ doc: String) -> Parameter {
    Parameter(name: name, place: .path, doc: doc, schema: schema, isRequired: true)
  }
  /// A list may be given as one parameter for each entry.
  static func query(_ name: String, _ schema: JSONSchema, _ doc: String) -> Parameter {
    Parameter(name: name, place: .query, doc: doc, schema: schema, isRequired: false)
  }
  static func header(_ name: String, _ schema: JSONSchema, _ doc: String) -> Parameter {
    Parameter(name: name, place: .header, doc: doc, schema: schema, isRequired: false)
  }
}

/// What a request may bring.
struct BodyDescription: Sendable {
  var doc: String
  /// By media type.
  var contents: [(type: String, schema: BodySchema)]

  enum BodySchema: Sendable {
    case bytes
    case json(ObjectSchema)
    /// Files are bytes, everything else is text.
    case form(ObjectSchema, files: Set<String>)
  }
}

/// An answer that isn't a problem.
struct AnswerDescription: Sendable {
  var status: HTTPResponse.Status
  var doc: String
  var content: Content
  var headers: [(name: String, schema: JSONSchema, doc: String)] = []

  enum Content: Sendable {
    case nothing
    case json(JSONSchema)
    case bytes(type: String)
    /// Server-sent events, each with JSON of this schema.
    case events(JSONSchema)
  }
}
