internal import Digests
internal import FleetContracts
internal import Foundation
internal import Inference
internal import NiftiIO
internal import Preprocessing
internal import SlidingWindow
internal import Volumes

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
    properties: CaseProperties, geometry: ImageGeometry, images: [String], labels: [LabelName], previous: Previous?
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
    self.labels = labels
    self.previous = previous
  }

  func encoded() throws -> Blob {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Blob(copying: try encoder.encode(self))
  }

  /// - Throws: `BlobStoreError`; `RunFailure` for a document of another version.
  static func get(_ digest: Digest, from store: any BlobStore) async throws -> PassDocument {
    let blob = try await store.get(digest)
    let document: PassDocument
    do {
      document = try JSONDecoder().decode(PassDocument.self, from: Data(blob.copy))
    } catch {
      throw RunFailure(kind: .invalid, reason: "The pass document \(digest) can't be read by this version: \(error)")
    }
    guard versions.contains(document.version) else {
      throw RunFailure(
        kind: .invalid,
        reason:
          "The pass document \(digest) has version \(document.version), this process reads \(versions); update it."
      )
    }
    return document
  }
}
