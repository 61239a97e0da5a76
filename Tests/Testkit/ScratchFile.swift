public import Foundation

/// Files that live for a test's moment. `Data.write` waits for the disk, which thousands of files can't afford.
public enum ScratchFile {
  /// Writes or replaces a file without waiting for the disk.
  public static func write(_ bytes: [UInt8], to url: URL) throws {
    guard let file = fopen(url.path, "wb") else { throw CocoaError(.fileWriteUnknown) }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw CocoaError(.fileWriteOutOfSpace) }
  }
}
