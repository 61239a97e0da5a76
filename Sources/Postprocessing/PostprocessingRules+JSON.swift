public import Foundation
public import PythonJSON

extension PostprocessingRules {
  /// Far above any real file's size; the sums of findings that nnU-Net adds need a few KB.
  static let maximumBytes = 1 << 20
  /// Each item costs a walk over the map, and a map has 255 labels.
  static let maximumItems = 1024

  /// Reads `postprocessing.json`. `for_which_classes` must be there, items of it integers or lists of them, `null` for every label.
  /// `min_valid_object_sizes` may be missing; it is a text that holds Python's `None` or a dictionary, which is parsed and never
  /// evaluated. All other keys are nnU-Net's notes, and are not read.
  /// - Throws: `PostprocessingError.Code.unreadableRules`.
  public init(json: Data) throws(PostprocessingError) {
    guard json.count <= Self.maximumBytes else {
      throw Self.unreadable("it has \(json.count) bytes, more than \(Self.maximumBytes)")
    }
    let value: JSONValue
    do {
      value = try JSONValue(parsing: json)
    } catch {
      throw Self.unreadable(error.description)
    }
    try self.init(value)
  }

  init(_ value: JSONValue) throws(PostprocessingError) {
    guard let classes = value["for_which_classes"] else { throw Self.unreadable("it has no for_which_classes") }
    if classes.isNull {
      items = nil
    } else {
      guard let list = classes.array else { throw Self.unreadable("for_which_classes is no list") }
      guard list.count <= Self.maximumItems else {
        throw Self.unreadable("for_which_classes has \(list.count) items, more than \(Self.maximumItems)")
      }
      var found: [Item] = []
      for entry in list { found.append(try Self.item(entry)) }
      items = found
    }
    switch value["min_valid_object_sizes"] {
    case nil, .null: minimumSizes = nil
    case .string(let literal):
      var parser = SizesLiteral(literal)
      do {
        minimumSizes = try parser.sizes()
      } catch {
        throw Self.unreadable("min_valid_object_sizes can't be understood: \(error.description)")
      }
    default: throw Self.unreadable("min_valid_object_sizes is no text")
    }
  }

  private static func item(_ value: JSONValue) throws(PostprocessingError) -> Item {
    if case .integer(let label) = value { return .label(label) }
    guard let list = value.array else {
      throw unreadable("an item of for_which_classes is neither an integer nor a list of integers")
    }
    var labels: [Int] = []
    for entry in list {
      guard case .integer(let label) = entry else {
        throw unreadable("a region of for_which_classes holds something else than integers")
      }
      labels.append(label)
    }
    return .region(labels)
  }

  private static func unreadable(_ why: String) -> PostprocessingError {
    PostprocessingError(
      .unreadableRules,
      "Reading postprocessing rules failed because \(why); expected the postprocessing.json that nnU-Net or tessera wrote."
    )
  }

  /// The rules as `postprocessing.json`, in nnU-Net's form.
  /// - Parameter notes: further keys; `for_which_classes` and `min_valid_object_sizes` are set by the rules.
  public func json(notes: [String: JSONValue] = [:]) -> Data {
    var entries = notes
    entries["for_which_classes"] = items.map { .array($0.map(\.json)) } ?? .null
    entries["min_valid_object_sizes"] = .string(minimumSizesLiteral)
    return Data(JSONValue.object(entries).serialized())
  }

  /// The text that Python's `str` makes of the sizes.
  private var minimumSizesLiteral: String {
    guard let minimumSizes else { return "None" }
    let order = (items ?? []).filter { minimumSizes[$0] != nil }
    let rest = minimumSizes.keys.filter { !order.contains($0) }.sorted { $0.literal < $1.literal }
    return "{" + (order + rest).map { "\($0.literal): \(minimumSizes[$0] ?? 0)" }.joined(separator: ", ") + "}"
  }
}

extension PostprocessingRules.Item {
  var json: JSONValue {
    switch self {
    case .label(let label): .integer(label)
    case .region(let labels): .array(labels.map { .integer($0) })
    }
  }

  /// As a key of Python's dictionary.
  var literal: String {
    switch self {
    case .label(let label): String(label)
    case .region(let labels): "(" + labels.map(String.init).joined(separator: ", ") + (labels.count == 1 ? ",)" : ")")
    }
  }
}
