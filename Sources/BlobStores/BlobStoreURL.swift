public import FleetContracts
internal import Foundation

/// Blob stores by their URL, as a setting gives it.
public enum BlobStoreURL {
  /// Opens the store that `text` names: `file:///folder`, a folder that every process of the fleet sees under this name.
  /// The folder is made when it is missing.
  /// - Throws: `BlobStoreURLError` when the URL can't be used, `BlobStoreError.unavailable` when the folder can't.
  public static func open(_ text: String) throws -> any BlobStore {
    guard let url = URL(string: text), let scheme = url.scheme?.lowercased() else {
      throw BlobStoreURLError(text: text, reason: "it isn't a URL")
    }
    guard scheme == "file" else {
      throw BlobStoreURLError(text: redacted(url), reason: "the scheme \(scheme) isn't supported")
    }
    if let host = url.host(percentEncoded: false), !host.isEmpty, host != "localhost" {
      throw BlobStoreURLError(text: redacted(url), reason: "a file URL has no host, but this one names \(host)")
    }
    let path = url.path(percentEncoded: false)
    guard path.hasPrefix("/"), path.count > 1 else {
      throw BlobStoreURLError(text: redacted(url), reason: "it names no folder by an absolute path")
    }
    return try FileBlobStore(root: path)
  }

  /// The URL without user, password and query, which may hold secrets.
  private static func redacted(_ url: URL) -> String {
    guard var parts = URLComponents(url: url, resolvingAgainstBaseURL: false) else { return "the URL" }
    parts.user = nil
    parts.password = nil
    parts.query = nil
    parts.fragment = nil
    return parts.string ?? "the URL"
  }
}

/// A store's URL that can't be used.
public struct BlobStoreURLError: Error, Hashable, CustomStringConvertible {
  public let text: String
  public let reason: String

  public var description: String {
    "The blob store \(text) can't be opened: \(reason). Give a folder that all processes of the fleet see, as in file:///srv/tessera/blobs."
  }
}
