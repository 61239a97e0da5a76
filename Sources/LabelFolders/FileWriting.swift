public import Foundation

/// Small files that appear whole or not at all.
public enum FileWriting {
  /// Writes under another name and renames.
  /// - Throws: `LabelFolderError`.
  public static func write(_ bytes: [UInt8], to file: URL) throws {
    do {
      try Data(bytes).write(to: file, options: .atomic)
    } catch {
      throw LabelFolderError(
        "Writing \(file.path) failed: \(error.localizedDescription) Check that the folder can be written and has space."
      )
    }
  }

  /// Makes a folder and those above it.
  /// - Throws: `LabelFolderError`.
  public static func makeFolder(_ folder: URL) throws {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw LabelFolderError("Making the folder \(folder.path) failed: \(error.localizedDescription)")
    }
  }
}
