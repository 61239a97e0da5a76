internal import Hummingbird
internal import PythonJSON

/// An answer that says what went wrong, by RFC 9457 (`application/problem+json`).
struct Problem: Error {
  var kind: Kind
  /// What went wrong this time, and what to do: for people. No secrets, no patient data, no path of this machine.
  var detail: String
  /// Where the request isn't what it should be.
  var errors: [SchemaMismatch] = []
  /// When trying again may help, in seconds.
  var retryAfter: Int?
  /// Methods that the path knows, for `methodNotAllowed`.
  var allowed: [HTTPRequest.Method] = []

  init(_ kind: Kind, _ detail: String, errors: [SchemaMismatch] = [], retryAfter: Int? = nil) {
    self.kind = kind
    self.detail = detail
    self.errors = errors
    self.retryAfter = retryAfter
  }

  static let contentType = "application/problem+json"

  /// What can go wrong; its word ends the problem's type, `urn:tessera:problem:WORD`.
  enum Kind: String, Sendable, CaseIterable {
    case badRequest = "bad-request"
    case unauthorized = "unauthorized"
    case forbidden = "forbidden"
    case notFound = "not-found"
    case methodNotAllowed = "method-not-allowed"
    case keyInUse = "key-in-use"
    case noResultYet = "no-result-yet"
    case runIsOver = "run-is-over"
    case notReplayable = "not-replayable"
    case trainingIsOver = "training-is-over"
    case nothingToRetry = "nothing-to-retry"
    case tooLarge = "too-large"
    case unsupportedMediaType = "unsupported-media-type"
    case rangeNotSatisfiable = "range-not-satisfiable"
    case invalid = "invalid"
    case keyConflict = "key-conflict"
    case digestMismatch = "digest-mismatch"
    case tooManyRequests = "too-many-requests"
    case internalError = "internal-error"
    case storeFull = "store-full"
    case unavailable = "unavailable"

    var status: HTTPResponse.Status {
      switch self {
      case .badRequest: .badRequest
      case .unauthorized: .unauthorized
      case .forbidden: .forbidden
      case .notFound: .notFound
      case .methodNotAllowed: .methodNotAllowed
      case .keyInUse, .noResultYet, .runIsOver, .notReplayable, .trainingIsOver, .nothingToRetry: .conflict
      case .tooLarge: .contentTooLarge
      case .unsupportedMediaType: .unsupportedMediaType
      case .rangeNotSatisfiable: .rangeNotSatisfiable
      case .invalid, .keyConflict, .digestMismatch: .unprocessableContent
      case .tooManyRequests: .tooManyRequests
      case .internalError: .internalServerError
      case .storeFull, .unavailable: .serviceUnavailable
      }
    }

    /// The same for every problem of the kind.
    var title: String {
      switch self {
      case .badRequest: "The request can't be read."
      case .unauthorized: "A valid token is needed."
      case .forbidden: "The token's scopes don't allow this."
      case .notFound: "There is no such thing, or it is another tenant's."
      case .methodNotAllowed: "The path doesn't know the method."
      case .keyInUse: "A request with the same idempotency key is being worked on."
      case .noResultYet: "The run has no result."
      case .runIsOver: "The run is over."
      case .notReplayable: "The dead letter can't be replayed here."
      case .trainingIsOver: "The training is over."
      case .nothingToRetry: "The training has nothing that could be taken up again."
      case .tooLarge: "The body is too large."
      case .unsupportedMediaType: "The body's media type isn't supported."
      case .rangeNotSatisfiable: "The range lies outside of the content."
      case .invalid: "The request isn't valid."
      case .keyConflict: "The idempotency key was used for other content."
      case .digestMismatch: "The body's digest isn't the one that was announced."
      case .tooManyRequests: "Too many requests."
      case .internalError: "Something went wrong in the server."
      case .storeFull: "The blob store is nearly full."
      case .unavailable: "A part of the fleet can't be reached."
      }
    }

    /// Headers that come with it, with an explanation.
    var headers: [String: String] {
      switch self {
      case .unauthorized: ["WWW-Authenticate": "How to authenticate: with a bearer token."]
      case .methodNotAllowed: ["Allow": "The methods that the path knows."]
      case .tooManyRequests, .storeFull, .unavailable: ["Retry-After": "When to try again, in seconds."]
      case .keyInUse: ["Retry-After": "When to try again, in seconds."]
      default: [:]
      }
    }
  }

  static var objectSchema: ObjectSchema {
    let error = ObjectSchema(
      name: "ProblemError",
      properties: [
        .init(
          name: "pointer", doc: "Where in the request: a JSON pointer (RFC 6901), or a parameter's name.",
          schema: .text(.any), isRequired: true),
        .init(name: "detail", doc: "What is wrong there.", schema: .text(.any), isRequired: true),
      ])
    return ObjectSchema(
      name: "Problem",
      properties: [
        .init(
          name: "type", doc: "What went wrong, for programs.",
          schema: .words(Kind.allCases.map { "urn:tessera:problem:\($0.rawValue)" }), isRequired: true),
        .init(name: "title", doc: "The same for people.", schema: .text(.any), isRequired: true),
        .init(name: "status", doc: "The answer's status.", schema: .integer(400...599), isRequired: true),
        .init(name: "detail", doc: "What it was this time, and what to do.", schema: .text(.any), isRequired: true),
        .init(
          name: "errors", doc: "Where the request isn't valid.", schema: .list(.object(error)), isRequired: false),
      ])
  }

  var json: JSONValue {
    [
      "type": .string("urn:tessera:problem:\(kind.rawValue)"), "title": .string(kind.title),
      "status": .integer(kind.status.code), "detail": .string(detail),
      "errors": errors.isEmpty
        ? nil
        : .array(errors.map { ["pointer": .string($0.pointer), "detail": .string($0.detail)].asObject }),
    ].asObject
  }

  var response: Response {
    var headers: HTTPFields = [.contentType: Self.contentType]
    if kind == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
    if !allowed.isEmpty {
      headers[.allow] = allowed.map(\.rawValue).sorted().joined(separator: ", ")
    }
    if let retryAfter { headers[.retryAfter] = "\(retryAfter)" }
    return Response(
      status: kind.status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: json.compact + "\n")))
  }
}

extension Operation {
  /// What may go wrong in whatever a caller does.
  private static let commonProblems: [Problem.Kind] = [.tooManyRequests, .unavailable]

  /// All that may go wrong here.
  var allProblems: [Problem.Kind] {
    var kinds = problems + Self.commonProblems
    if scope != nil { kinds += [.unauthorized, .forbidden] }
    if parameters.contains(where: { $0.place != .path }) { kinds.append(.badRequest) }
    if parameters.contains(where: { $0.place == .path }) { kinds.append(.notFound) }
    return Problem.Kind.allCases.filter(kinds.contains)
  }
}
