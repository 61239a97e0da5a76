internal import FleetContracts
internal import ScratchFiles
internal import Volumes

extension VoxelStorage {
  /// Room for `count` elements, whose values are whatever was there, in a temporary file: the system writes it out when it needs the
  /// room, so that large volumes that are kept for a viewer don't press on the process.
  /// - Throws: `RunPictureError.unusable` when there is no room in `folder`.
  static func scratch(_ count: Int, in folder: String) throws -> VoxelStorage {
    do throws(ScratchFileError) {
      let owner = try ScratchMapping(
        bytes: max(1, count * MemoryLayout<Element>.stride), in: folder, prefix: "tessera-slices")
      // The storage holds the owner, so its memory stays as long as anybody reads it.
      return VoxelStorage(
        borrowing: UnsafeBufferPointer(start: owner.bytes.bindMemory(to: Element.self).baseAddress, count: count),
        owner: owner)
    } catch {
      throw RunPictureError.unusable(
        "no temporary file can be made in \(folder); check TMPDIR, its space and permissions.")
    }
  }
}
