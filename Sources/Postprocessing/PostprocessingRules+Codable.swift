internal import Foundation

/// Encoded under nnU-Net's keys, in types that every decoder knows: sizes as a list of items with their sizes.
extension PostprocessingRules: Codable {
  private enum CodingKeys: String, CodingKey {
    case items = "for_which_classes"
    case sizes = "min_valid_object_sizes"
  }

  /// A size and what it belongs to: tuples can't be keys of JSON.
  private struct Size: Codable {
    var item: Item
    var cubicMillimetres: Double
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    items = try container.decodeIfPresent([Item].self, forKey: .items)
    minimumSizes = try container.decodeIfPresent([Size].self, forKey: .sizes).map { sizes in
      Dictionary(sizes.map { ($0.item, $0.cubicMillimetres) }, uniquingKeysWith: { $1 })
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(items, forKey: .items)
    let sizes = minimumSizes.map { sizes in
      sizes.sorted { $0.key.literal < $1.key.literal }.map { Size(item: $0.key, cubicMillimetres: $0.value) }
    }
    try container.encodeIfPresent(sizes, forKey: .sizes)
  }
}

extension PostprocessingRules.Item: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let label = try? container.decode(Int.self) {
      self = .label(label)
    } else {
      self = .region(try container.decode([Int].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .label(let label): try container.encode(label)
    case .region(let labels): try container.encode(labels)
    }
  }
}
