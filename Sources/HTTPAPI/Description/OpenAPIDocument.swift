internal import FleetContracts
internal import PythonJSON

/// The API's description by OpenAPI 3.1, made from the operations.
struct OpenAPIDocument {
  let groups: [any OperationGroup]
  let version: String

  private static let security = "token"

  var json: JSONValue {
    [
      "openapi": .string("3.1.0"),
      "info": [
        "title": .string("Tessera"), "version": .string(version),
        "description": .string(
          "Segments medical volumes with trained nnU-Net v1 models: studies in, label maps and volumes out."),
        "license": ["name": .string("Apache-2.0"), "identifier": .string("Apache-2.0")].asObject,
      ].asObject,
      "servers": .array([["url": .string("/")].asObject]),
      "tags": .array(titles.map { ["name": .string($0)].asObject }),
      "paths": paths,
      "components": [
        "schemas": .object(schemas),
        "securitySchemes": [
          Self.security: [
            "type": .string("http"), "scheme": .string("bearer"),
            "description": .string(
              "A token that `tessera token create` has made, with the scopes submit, read or admin."),
          ].asObject
        ].asObject,
      ].asObject,
    ].asObject
  }

  /// In their order; several groups may share one.
  private var titles: [String] {
    groups.reduce(into: []) { titles, group in if !titles.contains(group.title) { titles.append(group.title) } }
  }

  private var paths: JSONValue {
    var paths: [String: [String: JSONValue]] = [:]
    for group in groups {
      for operation in group.operations {
        paths[operation.path, default: [:]][operation.method.rawValue.lowercased()] = entry(operation, group.title)
      }
    }
    return .object(paths.mapValues(JSONValue.object))
  }

  private var schemas: [String: JSONValue] {
    var schemas = [Problem.objectSchema.name: Problem.objectSchema.document]
    for object in Problem.objectSchema.properties.flatMap(\.schema.objects) { schemas[object.name] = object.document }
    for operation in groups.flatMap(\.operations) {
      for answer in operation.answers {
        switch answer.content {
        case .json(let schema), .events(let schema):
          for object in schema.objects { schemas[object.name] = object.document }
        default: break
        }
      }
      for case .json(let object) in operation.body?.contents.map(\.schema) ?? [] {
        for object in JSONSchema.object(object).objects { schemas[object.name] = object.document }
      }
    }
    return schemas
  }

  private func entry(_ operation: Operation, _ tag: String) -> JSONValue {
    var responses: [String: JSONValue] = [:]
    for answer in operation.answers { responses["\(answer.status.code)"] = response(answer) }
    for (status, kinds) in Dictionary(grouping: operation.allProblems, by: \.status.code) {
      responses["\(status)"] = problem(kinds)
    }
    let needs = operation.scope.map { " Needs a token with the scope \($0.rawValue)." } ?? ""
    return [
      "operationId": .string(operation.id), "summary": .string(operation.summary), "tags": .array([.string(tag)]),
      "description": .string(operation.detail + needs),
      "parameters": .array(operation.parameters.map(parameter)),
      "requestBody": operation.body.map(body), "responses": .object(responses),
      "security": .array(operation.scope == nil ? [] : [[Self.security: .array([])].asObject]),
    ].asObject
  }

  private func parameter(_ parameter: Parameter) -> JSONValue {
    [
      "name": .string(parameter.name), "in": .string(parameter.place.rawValue), "description": .string(parameter.doc),
      "required": .boolean(parameter.isRequired), "schema": parameter.schema.document,
    ].asObject
  }

  private func body(_ body: BodyDescription) -> JSONValue {
    var contents: [String: JSONValue] = [:]
    for (type, schema) in body.contents { contents[type] = content(schema) }
    return ["description": .string(body.doc), "required": .boolean(true), "content": .object(contents)].asObject
  }

  private func content(_ schema: BodyDescription.BodySchema) -> JSONValue {
    switch schema {
    case .bytes: return ["schema": .object([:])].asObject
    case .json(let object): return ["schema": JSONSchema.object(object).document].asObject
    case .form(let object, let files):
      var document = object.document.object ?? [:]
      var shown = document["properties"]?.object ?? [:]
      for name in files {
        let file: JSONValue = ["type": .string("string"), "contentMediaType": .string("application/octet-stream")]
          .asObject
        let doc = shown[name]?["description"]
        shown[name] =
          shown[name]?["type"]?.string == "array"
          ? ["type": .string("array"), "items": file, "minItems": .integer(1), "description": doc].asObject
          : ["type": .string("string"), "contentMediaType": .string("application/octet-stream"), "description": doc]
            .asObject
      }
      document["properties"] = .object(shown)
      return ["schema": .object(document)].asObject
    }
  }

  private func response(_ answer: AnswerDescription) -> JSONValue {
    var headers: [String: JSONValue] = [:]
    for (name, schema, doc) in answer.headers {
      headers[name] = ["description": .string(doc), "schema": schema.document].asObject
    }
    let content: JSONValue? =
      switch answer.content {
      case .nothing: nil
      case .json(let schema): ["application/json": ["schema": schema.document].asObject].asObject
      case .bytes(let type): [type: .object([:])].asObject
      case .events: ["text/event-stream": ["schema": ["type": .string("string")].asObject].asObject].asObject
      }
    return [
      "description": .string(answer.doc), "content": content, "headers": headers.isEmpty ? nil : .object(headers),
    ].asObject
  }

  private func problem(_ kinds: [Problem.Kind]) -> JSONValue {
    let headers = Dictionary(kinds.flatMap(\.headers), uniquingKeysWith: { $1 })
    return [
      "description": .string(kinds.map(\.title).joined(separator: " Or: ")),
      "content": [Problem.contentType: ["schema": JSONSchema.object(Problem.objectSchema).document].asObject].asObject,
      "headers": headers.isEmpty
        ? nil
        : .object(
          headers.mapValues { ["description": .string($0), "schema": ["type": .string("string")].asObject].asObject }),
    ].asObject
  }
}
