internal import FleetContracts
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import PythonJSON

/// A request that was let in, its parameters read as the operation describes them.
struct APIRequest: Sendable {
  let raw: Request
  let caller: Caller
  let context: APIContext
  private let values: [String: JSONValue]

  /// - Throws: `Problem` of kind badRequest, or notFound for a part of the path that has another form.
  init(_ request: Request, _ operation: Operation, caller: Caller, context: APIContext) throws {
    raw = request
    self.caller = caller
    self.context = context
    var values: [String: JSONValue] = [:]
    for parameter in operation.parameters {
      let texts: [String] =
        switch parameter.place {
        case .path: context.parameters.get(parameter.name).map { [$0] } ?? []
        case .query: request.uri.queryParameters[values: parameter.name[...]].map(String.init)
        case .header: HTTPField.Name(parameter.name).map { request.headers[values: $0] } ?? []
        }
      guard !texts.isEmpty else { continue }
      let value = try Self.value(texts, parameter)
      let mismatches = parameter.schema.mismatches(value, at: parameter.name)
      guard mismatches.isEmpty else {
        if parameter.place == .path {
          throw Problem(.notFound, "\(parameter.name) \(mismatches[0].detail).")
        }
        throw Problem(
          .badRequest, "The parameter \(parameter.name) \(mismatches[0].detail).", errors: mismatches)
      }
      values[parameter.name] = value
    }
    self.values = values
  }

  subscript(name: String) -> JSONValue? { values[name] }

  /// The values of a parameter that is a list.
  func texts(_ name: String) -> [String] { values[name]?.array?.compactMap(\.string) ?? [] }
  func date(_ name: String) -> Date? { values[name]?.string.flatMap(Timestamp.date) }

  /// The run that the path names.
  func run() throws -> RunID {
    guard let id = values["run"]?.string.flatMap(RunID.init) else { throw Problem(.notFound, "There is no such run.") }
    return id
  }

  private static func value(_ texts: [String], _ parameter: Parameter) throws -> JSONValue {
    if case .list(let item, _) = parameter.schema { return .array(texts.map { one($0, item) }) }
    guard texts.count == 1 else {
      throw Problem(.badRequest, "The parameter \(parameter.name) was given \(texts.count) times.")
    }
    return one(texts[0], parameter.schema)
  }

  private static func one(_ text: String, _ schema: JSONSchema) -> JSONValue {
    switch schema {
    case .integer: Int(text).map(JSONValue.integer) ?? .string(text)
    case .number: Double(text).map(JSONValue.float) ?? .string(text)
    case .boolean: Bool(text).map(JSONValue.boolean) ?? .string(text)
    default: .string(text)
    }
  }

  /// The body as JSON that keeps to `schema`.
  /// - Throws: `Problem`.
  func json(_ schema: ObjectSchema, upTo limit: Int) async throws -> JSONValue {
    let bytes: ByteBuffer
    do {
      bytes = try await raw.body.collect(upTo: limit)
    } catch is NIOTooManyBytesError {
      throw Problem(.tooLarge, "The JSON may have \(limit) bytes.")
    }
    let value: JSONValue
    do {
      value = try JSONValue(parsing: bytes.readableBytesView)
    } catch {
      throw Problem(.badRequest, "\(error).")
    }
    try Self.check(value, schema)
    return value
  }

  /// - Throws: `Problem` of kind invalid.
  static func check(_ value: JSONValue, _ schema: ObjectSchema) throws {
    let mismatches = JSONSchema.object(schema).mismatches(value)
    guard let first = mismatches.first else { return }
    let place = first.pointer.isEmpty ? "The request" : first.pointer
    throw Problem(.invalid, "\(place): \(first.detail).", errors: mismatches)
  }

  /// The body's media type without parameters, in lower case; `nil` where it isn't said.
  var mediaType: String? {
    raw.headers[.contentType]?.split(separator: ";").first.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
  }
}

extension Response {
  /// An answer of JSON.
  static func json(_ value: some Answerable, _ status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response
  {
    var headers = headers
    headers[.contentType] = "application/json"
    return Response(
      status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: value.json.compact + "\n")))
  }
}
