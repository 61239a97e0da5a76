internal import Digests
internal import FleetContracts
internal import Foundation
internal import Inference
internal import NiftiIO
internal import Preprocessing
internal import SlidingWindow
internal import Volumes
internal import Wording

/// Everything that workers and stitcher need to know of a pass, as a blob of JSON. Jobs carry its digest.
struct PassDocument: Codable {
  /// Version 2 has `previous`; a document without it is still of version 1, which older processes read.
  static let versions = 1...2

  private(set) var version: Int
  /// The model's manifest.
  var model: Digest
  var options: InferenceOptions
  var savesProbabilities: Bool
  /// The preprocessed volume: float32 little-endian `[channel, z, y, x]` in the network's axis order.
  var volume: Digest
  var channels: Int
  var plan: TilePlan
  var properties: CaseProperties
  var geometry: ImageGeometry
  /// The images' names in nnU-Net's `CASE.pkl`: their digests, since file names may name patients.
  var images: [String]
  /// Bytes of the images' files, for forecasts of memory; older processes don't write it.
  var imageBytes: Int?
  /// The labels to measure.
  var labels: [LabelName]
  /// For a cascade's second stage, what the network sees of the first: uint8 `[z, y, x]` on the volume's grid.
  var previous: Previous?

  struct Previous: Codable {
    var labels: Digest
    var classes: Int
  }

  init(
    model: Digest, options: InferenceOptions, savesProbabilities: Bool, volume: Digest, channels: Int, plan: TilePlan,
    properties: CaseProperties, geometry: ImageGeometry, images: [String], imageBytes: Int, labels: [LabelName],
    previous: Previous?
  ) {
    version = previous == nil ? 1 : 2
    self.model = model
    self.options = options
    self.savesProbabilities = savesProbabilities
    self.volume = volume
    self.channels = channels
    self.plan = plan
    self.properties = properties
    self.geometry = geometry
    self.images = images
    self.imageBytes = imageBytes
    self.labels = labels
    self.previous = previous
  }

  func encoded() throws -> Blob {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Blob(copying: try encoder.encode(self))
  }

  /// - Throws: `BlobStoreError`; `RunFailure` for a document that this version can't read.
  static func get(_ digest: Digest, from store: any BlobStore) async throws -> PassDocument {
    try PassDocument(json: Data(try await store.get(digest).copy))
  }
}

extension PassDocument {
  /// - Throws: `RunFailure` for a document that this version can't read.
  init(json: Data) throws(RunFailure) {
    do {
      self = try JSONDecoder().decode(PassDocument.self, from: json)
    } catch {
      let reason = (error as? DecodingError)?.reason ?? "\(error)"
      throw RunFailure(
        kind: .invalid, reason: "The pass document \(Digest(of: json)) can't be read by this version: \(reason).")
    }
    guard Self.versions.contains(version) else {
      throw RunFailure(
        kind: .invalid,
        reason:
          "The pass document \(Digest(of: json)) has version \(version), this process reads \(Self.versions); update it."
      )
    }
    guard isConsistent else {
      throw RunFailure(
        kind: .invalid,
        reason:
          "The pass document \(Digest(of: json)) contradicts itself: its image, crop box and tile plan don't fit together."
      )
    }
  }

  /// Whether what stitching and export compute with can be right: extents that were decoded are any numbers.
  private var isConsistent: Bool {
    let (image, box) = (properties.originalExtent, properties.cropBox)
    return channels > 0 && (0...Self.largestFiles).contains(imageBytes ?? 0)
      && properties.resampledExtent == plan.volume
      && (0..<3).allSatisfy { axis in
        (1...Self.longestAxis).contains(image[axis]) && 0 <= box.lower[axis] && box.lower[axis] < box.upper[axis]
          && box.upper[axis] <= image[axis] && properties.originalSpacing[axis] > 0
          && properties.spacingAfterResampling[axis] > 0
      }
  }

  /// Voxels; products of three fit an integer.
  private static let longestAxis = 1 << 20
  /// Bytes.
  private static let largestFiles = 1 << 50

  /// The case as a forecast of its memory takes it.
  /// - Parameter recipe: of the document's model.
  func memoryCase(_ recipe: CaseRecipe) -> MemoryBudget.Case {
    MemoryBudget.Case(recipe: recipe, options: options, properties: properties, files: imageBytes ?? 0)
  }
}

/// Reading a pass document for its errors alone: what is fuzzed.
package enum PassDocumentReading {
  /// - Throws: `RunFailure` for a document that this version can't read.
  package static func read(_ json: [UInt8]) throws { _ = try PassDocument(json: Data(json)) }
}
