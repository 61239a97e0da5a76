internal import Digests
internal import FleetContracts
internal import Foundation
internal import PythonJSON

/// What can stand in an answer: its value as JSON, and the schema that this value keeps to.
protocol Answerable: SendableMetatype {
  static var schema: JSONSchema { get }
  var json: JSONValue { get }
}

/// An object of an answer. Value and schema come from one list of fields, so that they can't disagree:
///
///     struct Receipt: Described {
///       var run: RunID
///       static var fields: [Field<Receipt>] { [Field("run", "The run.") { $0.run }] }
///     }
protocol Described: Answerable {
  /// Its name in the document.
  static var schemaName: String { get }
  static var fields: [Field<Self>] { get }
}

/// A property of an object of type `Root`. It is always there; without a value it is null.
struct Field<Root>: Sendable {
  var property: ObjectSchema.Property
  var value: @Sendable (Root) -> JSONValue

  /// - Parameter schema: a narrower one than that of the value's type.
  init<Value: Answerable>(
    _ name: String, _ doc: String, schema: JSONSchema? = nil, _ value: @escaping @Sendable (Root) -> Value
  ) {
    property = .init(name: name, doc: doc, schema: schema ?? Value.schema, isRequired: true)
    self.value = { value($0).json }
  }

  init<Value: Answerable>(
    optional name: String, _ doc: String, schema: JSONSchema? = nil, _ value: @escaping @Sendable (Root) -> Value?
  ) {
    property = .init(name: name, doc: doc, schema: .nullable(schema ?? Value.schema), isRequired: true)
    self.value = { value($0)?.json ?? .null }
  }
}

extension Described {
  static var schemaName: String { "\(Self.self)" }

  static var schema: JSONSchema {
    .object(ObjectSchema(name: schemaName, properties: fields.map(\.property)))
  }

  var json: JSONValue {
    .object(Dictionary(Self.fields.map { ($0.property.name, $0.value(self)) }, uniquingKeysWith: { $1 }))
  }
}

extension String: Answerable {
  static var schema: JSONSchema { .text(.any) }
  var json: JSONValue { .string(self) }
}
extension Int: Answerable {
  static var schema: JSONSchema { .integer() }
  var json: JSONValue { .integer(self) }
}
extension Int64: Answerable {
  static var schema: JSONSchema { .integer() }
  var json: JSONValue { .integer(Int(self)) }
}
extension Double: Answerable {
  static var schema: JSONSchema { .number() }
  var json: JSONValue { .float(self) }
}
extension Bool: Answerable {
  static var schema: JSONSchema { .boolean }
  var json: JSONValue { .boolean(self) }
}
extension Date: Answerable {
  static var schema: JSONSchema { .text(.dateTime) }
  var json: JSONValue { .string(Timestamp.text(self)) }
}
extension Digest: Answerable {
  static var schema: JSONSchema { .text(.sha256) }
  var json: JSONValue { .string(hexadecimal) }
}
extension RunID: Answerable {
  static var schema: JSONSchema { .text(.uuid) }
  var json: JSONValue { .string(description) }
}
extension PassID: Answerable {
  static var schema: JSONSchema { .text(.uuid) }
  var json: JSONValue { .string(description) }
}
extension Tenant: Answerable {
  static var schema: JSONSchema { .text(.any) }
  var json: JSONValue { .string(name) }
}
extension Array: Answerable where Element: Answerable {
  static var schema: JSONSchema { .list(Element.schema) }
  var json: JSONValue { .array(map(\.json)) }
}

/// A set of words.
extension Answerable where Self: RawRepresentable & CaseIterable, RawValue == String {
  static var schema: JSONSchema { .words(allCases.map(\.rawValue)) }
  var json: JSONValue { .string(rawValue) }
}
extension RunState: Answerable {}
extension RunClass: Answerable {}
extension FailureKind: Answerable {}
extension DeadLetter.State: Answerable {}
extension WorkerStatus.State: Answerable {}
