internal import Digests
internal import FleetContracts
internal import NIOCore

/// Takes an image from a request's body into the blob store, piece by piece: however large it is, only a piece of it is in memory.
struct ImageIntake {
  let store: any BlobStore

  /// - Parameters:
  ///   - name: what it is called in problems.
  ///   - next: the next piece, `nil` at the end.
  /// - Throws: `Problem` of kind invalid when the bytes are no image, what `next` throws, `BlobStoreError`.
  func take(_ name: String, _ next: () async throws -> [UInt8]?) async throws -> StoredBlob {
    var head: [UInt8] = []
    var isChecked = false
    func check() throws {
      guard !ImageSniffer.isImage(head) else { return isChecked = true }
      throw Problem(
        .invalid,
        "\(name) is no NIfTI image (.nii or .nii.gz): it begins with other bytes. Send the file itself, not a path, and not as text."
      )
    }
    return try await store.put(pieces: {
      while true {
        guard let piece = try await next() else {
          if !isChecked { try check() }
          return nil
        }
        if isChecked { return piece }
        head += piece
        guard head.count >= ImageSniffer.needed else { continue }
        try check()
        return head
      }
    })
  }
}
