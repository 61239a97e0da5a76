internal import FleetContracts
internal import Foundation

/// An image on its way into a blob store.
enum ImageFile {
  /// The file's bytes, mapped.
  /// - Throws: `InputError` when it can't be read.
  static func checked(_ file: URL) throws -> Blob {
    do {
      let data = try NSData(contentsOf: file, options: .alwaysMapped)
      guard data.length > 0 else { throw InputError("The image \(file.path) is empty; bring the file again.") }
      return Blob(bytes: UnsafeRawBufferPointer(start: data.bytes, count: data.length), owner: data)
    } catch let error as InputError {
      throw error
    } catch {
      throw InputError(
        "The image \(file.path) can't be read: \(error.localizedDescription) Name a readable .nii or .nii.gz file.")
    }
  }
}
