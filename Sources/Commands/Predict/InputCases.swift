internal import Foundation

/// A case to be segmented: its name and one image file for each channel.
struct InputCase: Equatable {
  var name: String
  var channels: [URL]
}

/// Finds cases as nnU-Net names them (`CASE_0000.nii.gz`, one file for each channel;
/// nnunet/inference/predict.py, check_input_folder_and_return_caseIDs), and single files of any name.
struct InputCases {
  static let suffixes = [".nii.gz", ".nii"]

  /// By name.
  var cases: [InputCase]
  /// Cases whose files aren't what the model needs; they don't stop the others.
  var unusable: [(name: String, reason: String)] = []

  /// The cases of one part, as nnU-Net deals them out: every `parts`-th, from the `part`-th on.
  func part(_ part: Int, of parts: Int) -> InputCases {
    var names = (cases.map(\.name) + unusable.map(\.name)).sorted()
    names = stride(from: part, to: names.count, by: parts).map { names[$0] }
    let chosen = Set(names)
    return InputCases(
      cases: cases.filter { chosen.contains($0.name) }, unusable: unusable.filter { chosen.contains($0.name) })
  }

  /// - Parameters:
  ///   - input: an image, or a folder of images.
  ///   - channels: image channels that the model needs.
  /// - Throws: `InputError` when there is nothing to segment, or a file's other channels are missing.
  static func find(_ input: URL, channels: Int) throws -> InputCases {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: input.path, isDirectory: &isFolder) else {
      throw InputError(
        "There is no file or folder \(input.path); -i takes an image (.nii, .nii.gz) or a folder of images.")
    }
    return isFolder.boolValue
      ? try folder(input, channels: channels) : InputCases(cases: [try file(input, channels: channels)])
  }

  private static func file(_ file: URL, channels: Int) throws -> InputCase {
    guard let (stem, suffix) = split(file.lastPathComponent) else {
      throw InputError("\(file.path) isn't named like an image; expected .nii or .nii.gz.")
    }
    let folder = file.deletingLastPathComponent()
    guard let name = caseName(of: stem) else {
      guard channels == 1 else {
        throw InputError(
          "The model needs \(channels) channels, but \(file.lastPathComponent) names none; name the files CASE_0000\(suffix) to CASE_\(number(channels - 1))\(suffix)."
        )
      }
      return InputCase(name: stem, channels: [file])
    }
    guard channels > 1 else { return InputCase(name: name, channels: [file]) }
    return try collect(name, in: folder, suffix: suffix, channels: channels)
  }

  private static func folder(_ folder: URL, channels: Int) throws -> InputCases {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }
    var found: [String: (suffix: String, files: [String])] = [:]  // by case name
    var result = InputCases(cases: [])
    for file in names.sorted() {
      guard let (stem, suffix) = split(file) else { continue }
      if let name = caseName(of: stem) {
        found[name, default: (suffix, [])].files.append(file)
      } else if channels == 1 {
        result.cases.append(InputCase(name: stem, channels: [folder.appending(path: file)]))
      }
    }
    for (name, (suffix, files)) in found {
      do {
        let collected = try collect(name, in: folder, suffix: suffix, channels: channels)
        let others = Set(files).subtracting(collected.channels.map(\.lastPathComponent)).sorted()
        guard others.isEmpty else {
          throw InputError(
            "The case \(name) has files that the model doesn't take: \(others.joined(separator: ", ")); it needs \(channels) "
              + "channel(s), one file each. Move the others away.")
        }
        result.cases.append(collected)
      } catch let error as InputError {
        result.unusable.append((name, error.description))
      }
    }
    result.cases.sort { $0.name < $1.name }
    result.unusable.sort { $0.name < $1.name }
    guard !result.cases.isEmpty || !result.unusable.isEmpty else {
      throw InputError(
        "The folder \(folder.path) holds no image; expected files named CASE_0000.nii.gz, one for each channel.")
    }
    for (first, second) in zip(result.cases, result.cases.dropFirst()) where first.name == second.name {
      throw InputError("The folder \(folder.path) holds the case \(first.name) twice; keep one of its files.")
    }
    return result
  }

  private static func collect(_ name: String, in folder: URL, suffix: String, channels: Int) throws -> InputCase {
    let files = (0..<channels).map { folder.appending(path: "\(name)_\(number($0))\(suffix)") }
    let missing = files.filter { !FileManager.default.fileExists(atPath: $0.path) }
    guard missing.isEmpty else {
      throw InputError(
        "The case \(name) lacks \(missing.map(\.lastPathComponent).joined(separator: ", ")); the model needs \(channels) channels."
      )
    }
    return InputCase(name: name, channels: files)
  }

  /// File name without its image suffix, and the suffix.
  private static func split(_ file: String) -> (stem: String, suffix: String)? {
    suffixes.first { file.hasSuffix($0) && file.count > $0.count }.map { (String(file.dropLast($0.count)), $0) }
  }

  /// `CASE` of `CASE_0000`; `nil` when the stem doesn't end with a channel number.
  private static func caseName(of stem: String) -> String? {
    let parts = Array(stem)
    guard parts.count > 5, parts[parts.count - 5] == "_", parts.suffix(4).allSatisfy(\.isASCIIDigit) else { return nil }
    return String(parts.dropLast(5))
  }

  private static func number(_ channel: Int) -> String {
    let digits = String(channel)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}

/// Input that can't be used: one sentence that says what to do.
struct InputError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
