internal import FleetContracts
internal import PythonJSON

/// Reads a run from `multipart/form-data`: files go into the store as they come, texts become the JSON that `RunRequest` reads.
///
///     curl -F image=@brain.nii.gz -F model=brain …/v1/runs
struct RunForm {
  let intake: ImageIntake

  /// Bytes of all texts together.
  private static let mostText = 64 << 10
  private static let mostFields = 256

  /// - Throws: `Problem`, `BlobStoreError`.
  func read(_ reader: MultipartReader) async throws -> JSONValue {
    let properties = Dictionary(RunRequest.formSchema.properties.map { ($0.name, $0.schema) }, uniquingKeysWith: { $1 })
    var fields: [String: [JSONValue]] = [:]
    var text = 0
    var count = 0
    while let part = try await reader.nextPart() {
      count += 1
      guard count <= Self.mostFields else {
        throw Problem(.invalid, "The form has more than \(Self.mostFields) fields.")
      }
      guard let schema = properties[part.name] else {
        throw Problem(.invalid, "The form has no field \(part.name.prefix(40)).")
      }
      let takesFiles = [RunRequest.imageField, RunRequest.lowResolutionField].contains(part.name)
      guard takesFiles == part.isFile else {
        throw Problem(
          .invalid,
          takesFiles
            ? "\(part.name) must be a file; with curl, -F \(part.name)=@FILE."
            : "\(part.name) must be a text, not a file.")
      }
      if part.isFile {
        guard fields[part.name, default: []].count < RunRequest.mostImages else {
          throw Problem(.invalid, "The form has more than \(RunRequest.mostImages) files \(part.name).")
        }
        let stored = try await intake.take("The file \(part.name)") { try await reader.nextPiece() }
        fields[part.name, default: []].append(.string(stored.digest.hexadecimal))
      } else {
        var bytes: [UInt8] = []
        while let piece = try await reader.nextPiece() {
          bytes += piece
          guard text + bytes.count <= Self.mostText else { throw Problem(.tooLarge, "The form's texts are too long.") }
        }
        text += bytes.count
        guard let value = String(validating: bytes, as: UTF8.self) else {
          throw Problem(.invalid, "\(part.name) isn't UTF-8.")
        }
        fields[part.name, default: []].append(Self.value(value, schema))
      }
    }
    var entries: [String: JSONValue] = [:]
    for (name, values) in fields {
      if case .list = properties[name] {
        entries[name] = .array(values)
      } else {
        guard values.count == 1 else { throw Problem(.invalid, "The form has \(values.count) fields \(name).") }
        entries[name] = values[0]
      }
    }
    return .object(entries)
  }

  /// A field's text as the JSON that its schema wants, where it can be that.
  private static func value(_ text: String, _ schema: JSONSchema) -> JSONValue {
    switch schema {
    case .list(let item, _): value(text, item)
    case .number: Double(text).map(JSONValue.float) ?? .string(text)
    case .integer: Int(text).map(JSONValue.integer) ?? .string(text)
    case .boolean: Bool(text).map(JSONValue.boolean) ?? .string(text)
    default: .string(text)
    }
  }
}
