public import FleetContracts
internal import Foundation
internal import NiftiIO
public import Pictures
internal import Volumes

extension Slices {
  /// The slices of a completed run: its first channel and its label map, from the store.
  ///
  /// Voxels lie in temporary files (`TMPDIR`), not in the process's own memory.
  /// - Throws: `RunPictureError`, `BlobStoreError`.
  public static func of(_ run: RunRecord, outcome: RunOutcome, in store: any BlobStore) async throws -> Slices {
    guard let first = run.images.first else { throw RunPictureError.unusable("it has no image.") }
    let (image, labels) = (try await store.get(first), try await store.get(outcome.labelMap))
    return try await Offloaded.run {
      do {
        let folder = FileManager.default.temporaryDirectory.path
        let picture = try image.withBytes {
          try MedicalImage(borrowing: [$0]) { try VoxelStorage.scratch($0, in: folder) }
        }
        let map = try labels.withBytes {
          try LabelMap(borrowing: $0) { try VoxelStorage.scratch($0, in: folder) }
        }
        return try Slices(
          image: picture.voxels, labels: map.labels, spacing: picture.spacing,
          orientation: picture.geometry.orientation)
      } catch let error as NiftiError {
        throw RunPictureError.unusable(error.description)
      } catch let error as PictureError {
        throw RunPictureError.unusable(error.description)
      }
    }
  }

  /// For a viewer.
  func listing(of run: RunRecord) -> SliceListing {
    let names = Dictionary(
      (run.outcome?.labels ?? []).map { ($0.label, $0.name) }, uniquingKeysWith: { first, _ in first })
    return SliceListing(
      planes: views.map {
        SliceListing.Plane(
          id: $0.id, name: $0.name, count: $0.count, spacing: $0.spacing, width: $0.width, height: $0.height,
          directions: $0.directions.map(\.rawValue), centre: $0.centre)
      },
      labels: voxels.sorted { $0.key < $1.key }.map { label, voxels in
        SliceListing.Label(
          label: label, name: names[label] ?? "Label \(label)", colour: Slices.colour(of: label), voxels: voxels)
      },
      oriented: isOriented,
      windows: [SliceListing.automaticWindow] + IntensityWindow.named.map(\.name))
  }
}
