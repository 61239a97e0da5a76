internal import Foundation
internal import NiftiIO
internal import Volumes

/// A model and an image that need no files from elsewhere: a real nnU-Net v1 model (`3d_fullres`, patch 8 x 12 x 12, 1,112 random weights, made by
/// nnU-Net's own trainer), and an image of random blobs.
struct TinyCase {
  let model: URL
  let image: URL

  /// Writes both below `folder`.
  /// - Parameters:
  ///   - extent: voxels `[z, y, x]` of the image; its tiles are about `(z / 4 - 1) (y / 6 - 1) (x / 6 - 1)`.
  ///   - seed: another one gives another image.
  init(in folder: URL, extent: Extent = Extent(z: 16, y: 30, x: 24), seed: UInt64) throws {
    model = folder.appending(path: "model")
    image = folder.appending(path: "image_0000.nii.gz")
    let fold = model.appending(path: "fold_0")
    try FileManager.default.createDirectory(at: fold, withIntermediateDirectories: true)
    let files: [(URL, [UInt8])] = [
      (model.appending(path: "plans.pkl"), PackageResources.plans_pkl),
      (fold.appending(path: "model_final_checkpoint.model"), PackageResources.fold_0_model),
      (fold.appending(path: "model_final_checkpoint.model.pkl"), PackageResources.fold_0_model_pkl),
    ]
    for (file, bytes) in files { try Data(bytes).write(to: file) }
    try Self.writeImage(to: image, extent: extent, seed: seed)
  }

  /// Writes an image like this case's, with other voxels.
  static func writeImage(to file: URL, extent: Extent = Extent(z: 16, y: 30, x: 24), seed: UInt64) throws {
    try Data(image(extent, seed: seed)).write(to: file)
  }

  /// Random numbers that are smooth over a few voxels, and nowhere 0: nothing is cropped.
  private static func image(_ extent: Extent, seed: UInt64) throws -> [UInt8] {
    var random = ChaosRandom(seed: seed)
    let coarse = (0..<512).map { _ in Double.random(in: 20...230, using: &random) }
    let voxels = LabelVolume(extent: extent, storage: VoxelStorage(count: extent.count, repeating: 0))
    var index = 0
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        for x in 0..<extent.x {
          let blob = coarse[(z / 4 * 64 + y / 4 * 8 + x / 4) % 512]
          voxels.elements[index] = UInt8(blob + Double.random(in: -15...15, using: &random))
          index += 1
        }
      }
    }
    let spacing = Spacing(z: 3, y: 1, x: 1)
    return try LabelMap(labels: voxels, geometry: ImageGeometry(spacing: spacing)).encoded()
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed, so that a run of chaos can be repeated.
struct ChaosRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
