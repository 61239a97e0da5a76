internal import PythonJSON

/// Where a value isn't what its schema says.
struct SchemaMismatch: Hashable, Sendable {
  /// A JSON pointer (RFC 6901); empty for the whole.
  var pointer: String
  var detail: String
}

extension JSONSchema {
  /// What is wrong with `value`; nothing when it fits.
  func mismatches(_ value: JSONValue, at pointer: String = "") -> [SchemaMismatch] {
    func wrong(_ detail: String) -> [SchemaMismatch] { [SchemaMismatch(pointer: pointer, detail: detail)] }
    switch (self, value) {
    case (.nullable, .null): return []
    case (.nullable(let schema), _): return schema.mismatches(value, at: pointer)
    case (.text(let form), .string(let text)):
      return form.admits(text) ? [] : wrong("has not the form \(form)")
    case (.text, _): return wrong("must be a text")
    case (.words(let words), _):
      if case .string(let word) = value, words.contains(word) { return [] }
      return wrong("must be one of \(words.joined(separator: ", "))")
    case (.integer(let range), _):
      guard let number = value.integer else { return wrong("must be a whole number") }
      guard let range, !range.contains(number) else { return [] }
      return wrong("must be from \(range.lowerBound) to \(range.upperBound)")
    case (.number(let above, let through), _):
      guard let number = value.number, number.isFinite else { return wrong("must be a number") }
      if let above, number <= above { return wrong("must be above \(above)") }
      if let through, number > through { return wrong("must be at most \(through)") }
      return []
    case (.boolean, .boolean): return []
    case (.boolean, _): return wrong("must be true or false")
    case (.list(let item, let count), .array(let values)):
      if let count, !count.contains(values.count) {
        return wrong("must have \(count.lowerBound) to \(count.upperBound) entries, it has \(values.count)")
      }
      return values.enumerated().flatMap { item.mismatches($1, at: "\(pointer)/\($0)") }
    case (.list, _): return wrong("must be a list")
    case (.object(let object), .object(let entries)): return object.mismatches(entries, at: pointer)
    case (.object, _): return wrong("must be an object")
    }
  }
}

extension ObjectSchema {
  func mismatches(_ entries: [String: JSONValue], at pointer: String) -> [SchemaMismatch] {
    var found: [SchemaMismatch] = []
    for property in properties {
      if let value = entries[property.name] {
        found += property.schema.mismatches(value, at: "\(pointer)/\(property.name)")
      } else if property.isRequired {
        found.append(SchemaMismatch(pointer: pointer, detail: "\(property.name) is missing"))
      }
    }
    let known = Set(properties.map(\.name))
    for name in entries.keys.sorted() where !known.contains(name) {
      found.append(SchemaMismatch(pointer: pointer, detail: "there is no property \(name.prefix(40))"))
    }
    if !alternatives.isEmpty, alternatives.count(where: { entries[$0] != nil }) != 1 {
      found.append(
        SchemaMismatch(pointer: pointer, detail: "exactly one of \(alternatives.joined(separator: ", ")) must be given")
      )
    }
    return found
  }
}

extension TextForm: CustomStringConvertible {
  var description: String {
    switch self {
    case .any: "of a text"
    case .sha256: "of a SHA-256: 64 lower-case hexadecimal digits"
    case .uuid: "of a UUID"
    case .dateTime: "of a date and time (RFC 3339), such as 2030-01-31T12:00:00Z"
    case .base64: "of base64"
    case .pattern(let pattern): pattern
    }
  }
}
