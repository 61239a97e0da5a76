internal import Foundation

/// Where this program and the scripts that come with it are.
enum ProgramLocation {
  static func executable() throws -> URL {
    URL(filePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
  }

  /// The folder `Compose`: the one that was given, one above the program, or one in the folder of the caller.
  static func compose(given: String?) throws -> URL {
    var candidates: [URL] = []
    if let given {
      candidates = [URL(filePath: given).absoluteURL]
    } else {
      var folder = try executable().deletingLastPathComponent()
      while folder.path != "/" {
        candidates.append(folder.appending(path: "Compose"))
        folder = folder.deletingLastPathComponent()
      }
      candidates.append(URL(filePath: FileManager.default.currentDirectoryPath).appending(path: "Compose"))
    }
    guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0.path + "/servers") })
    else {
      throw InputError("The scripts that start servers weren't found; name their folder (Compose) by --compose.")
    }
    return found
  }
}
