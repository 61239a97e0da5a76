internal import Foundation

/// The files of one case in a watched folder, named as nnU-Net names them: `CASE_0000.nii.gz` for channel 0, and so on; `CASE.json` says
/// how it is to be segmented.
struct WatchedCase: Hashable {
  struct File: Hashable {
    var name: String
    /// In bytes.
    var size: Int
    var modified: Date
  }

  var name: String
  /// Images in the order of their names, which is that of the channels.
  var images: [File]
  var manifest: File?

  var files: [File] { images + [manifest].compactMap { $0 } }

  /// The cases among `files`, in the order of their names. Names that begin with a dot are left out: that is how files are named that
  /// aren't finished.
  static func cases(among files: [File]) -> [WatchedCase] {
    var images: [String: [File]] = [:]
    for file in files where !file.name.hasPrefix(".") {
      if let name = image(file.name) { images[name, default: []].append(file) }
    }
    return images.sorted { $0.key < $1.key }.map { name, images in
      WatchedCase(
        name: name, images: images.sorted { $0.name < $1.name }, manifest: files.first { $0.name == "\(name).json" })
    }
  }

  /// The case that a file is an image of: `colin27` for `colin27_0000.nii.gz`.
  private static func image(_ name: String) -> String? {
    guard let ending = [".nii.gz", ".nii"].first(where: name.hasSuffix) else { return nil }
    let stem = name.dropLast(ending.count)
    let digits = stem.suffix(4)
    guard digits.count == 4, digits.allSatisfy({ $0.isASCII && $0.isNumber }), stem.dropLast(4).hasSuffix("_"),
      stem.count > 5
    else { return nil }
    return String(stem.dropLast(5))
  }
}

/// Tells which cases are finished, so that none is taken half-written: those with a manifest, which is written last, and those that haven't
/// changed for a while.
struct QuietTime {
  private let quiet: Duration
  private var known: [String: (files: WatchedCase, since: ContinuousClock.Instant)] = [:]

  init(_ quiet: Duration) { self.quiet = quiet }

  /// - Parameter now: the moment at which the folder had these cases.
  mutating func finished(_ cases: [WatchedCase], now: ContinuousClock.Instant) -> [WatchedCase] {
    var next: [String: (files: WatchedCase, since: ContinuousClock.Instant)] = [:]
    for found in cases {
      let before = known[found.name]
      next[found.name] = before?.files == found ? before : (found, now)
    }
    known = next
    return cases.filter { $0.manifest != nil || now - (next[$0.name]?.since ?? now) >= quiet }
  }
}
