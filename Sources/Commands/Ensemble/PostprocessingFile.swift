internal import Foundation
internal import Postprocessing

/// A `postprocessing.json` and what it says.
struct PostprocessingFile: Sendable {
  let url: URL
  let rules: PostprocessingRules
  private let content: Data

  /// - Throws: `InputError` when it can't be read, `PostprocessingError` when it says something else.
  init(_ url: URL) throws {
    guard let content = FileManager.default.contents(atPath: url.path) else {
      throw InputError("The postprocessing file \(url.path) can't be read; -pp takes nnU-Net's postprocessing.json.")
    }
    self.url = url
    self.content = content
    rules = try PostprocessingRules(json: content)
  }

  /// Puts the file into `folder` under its own name, as nnU-Net does.
  func copy(into folder: URL) throws {
    try content.withUnsafeBytes { try CaseFiles.write($0, to: folder.appending(path: url.lastPathComponent)) }
  }
}
