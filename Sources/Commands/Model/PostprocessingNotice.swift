internal import Foundation

/// nnU-Net applies a model's `postprocessing.json`, where there is one; this version doesn't, and mustn't hide it.
enum PostprocessingNotice {
  static func show(for folder: URL) {
    let file = folder.appending(path: "postprocessing.json")
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    Output.note(
      "\(file.path) isn't applied by this version: nnU-Net would remove small components here, Tessera leaves them.")
  }
}
