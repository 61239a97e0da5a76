internal import FleetContracts
internal import Foundation
internal import PythonJSON

/// The part of JSON Schema (2020-12) that the API's answers and requests need: what the document shows, and what requests are held against.
indirect enum JSONSchema: Sendable {
  case text(TextForm)
  /// One of these words.
  case words([String])
  case integer(ClosedRange<Int>? = nil)
  /// - Parameter above: a bound that itself isn't allowed; `through`: one that is.
  case number(above: Double? = nil, through: Double? = nil)
  case boolean
  case list(JSONSchema, count: ClosedRange<Int>? = nil)
  case object(ObjectSchema)
  case nullable(JSONSchema)
}

/// An object with a name, by which the document refers to it.
struct ObjectSchema: Sendable {
  struct Property: Sendable {
    var name: String
    var doc: String
    var schema: JSONSchema
    var isRequired: Bool
  }

  /// Such as `Run`.
  var name: String
  var properties: [Property]
  /// Exactly one of these properties must be there; none for no such rule.
  var alternatives: [String] = []
}

/// What a text must look like.
enum TextForm: Sendable {
  case any
  /// 64 lower-case hexadecimal digits.
  case sha256
  case uuid
  /// RFC 3339, such as `2030-01-31T12:00:00Z`.
  case dateTime
  case base64
  /// A regular expression that the whole text must match.
  case pattern(String)

  func admits(_ text: String) -> Bool {
    switch self {
    case .any, .base64: true
    case .sha256: text.utf8.count == 64 && text.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    case .uuid: RunID(text) != nil
    case .dateTime: Timestamp.date(text) != nil
    case .pattern(let pattern): (try? Regex(pattern).wholeMatch(in: text)) != nil
    }
  }

  var keywords: [String: JSONValue] {
    switch self {
    case .any: [:]
    case .sha256: ["pattern": .string("^[0-9a-f]{64}$")]
    case .uuid: ["format": .string("uuid")]
    case .dateTime: ["format": .string("date-time")]
    case .base64: ["contentEncoding": .string("base64")]
    case .pattern(let pattern): ["pattern": .string("^\(pattern)$")]
    }
  }
}

extension JSONSchema {
  /// As the document shows it; objects by reference.
  var document: JSONValue {
    switch self {
    case .text(let form): .object(form.keywords.merging(["type": .string("string")]) { $1 })
    case .words(let words): ["type": .string("string"), "enum": .array(words.map(JSONValue.string))].asObject
    case .integer(let range):
      [
        "type": .string("integer"), "minimum": range.map { .integer($0.lowerBound) },
        "maximum": range.map { .integer($0.upperBound) },
      ].asObject
    case .number(let above, let through):
      [
        "type": .string("number"), "exclusiveMinimum": above.map(JSONValue.float),
        "maximum": through.map(JSONValue.float),
      ].asObject
    case .boolean: ["type": .string("boolean")].asObject
    case .list(let item, let count):
      [
        "type": .string("array"), "items": item.document, "minItems": count.map { .integer($0.lowerBound) },
        "maxItems": count.map { .integer($0.upperBound) },
      ].asObject
    case .object(let object): ["$ref": .string("#/components/schemas/\(object.name)")].asObject
    case .nullable(let schema): ["anyOf": .array([schema.document, ["type": .string("null")].asObject])].asObject
    }
  }

  /// All objects that the schema refers to, itself included.
  var objects: [ObjectSchema] {
    switch self {
    case .list(let item, _): item.objects
    case .nullable(let schema): schema.objects
    case .object(let object): [object] + object.properties.flatMap(\.schema.objects)
    default: []
    }
  }
}

extension ObjectSchema {
  /// As the document's components show it.
  var document: JSONValue {
    var shown: [String: JSONValue] = [:]
    for property in properties {
      var schema = property.schema.document.object ?? [:]
      schema["description"] = .string(property.doc)
      shown[property.name] = .object(schema)
    }
    return [
      "type": .string("object"), "properties": .object(shown), "additionalProperties": .boolean(false),
      "required": .array(properties.filter(\.isRequired).map { .string($0.name) }),
      "oneOf": alternatives.isEmpty
        ? nil : .array(alternatives.map { ["required": .array([.string($0)])].asObject }),
    ].asObject
  }
}

extension [String: JSONValue?] {
  /// Without what is `nil`.
  var asObject: JSONValue { .object(compactMapValues { $0 }) }
}
