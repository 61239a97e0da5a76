internal import ArgumentParser
internal import WeightsCache

/// Where transformed weights are kept.
struct WeightsCacheSettings: Hashable {
  /// `weights.cache`, `TESSERA_WEIGHTS_CACHE`: a folder of this machine, or `nil` for `none`; default `tessera/weights` in the user's cache.
  var folder: String?
  /// `weights.limit`, `TESSERA_WEIGHTS_LIMIT`: bytes that the folder may take; default 10 GiB.
  var limit: Int

  private static let defaultLimit = 10 << 30
  private static let nowhere = "none"

  /// - Parameters:
  ///   - folder: as the user names it; the default when `nil`.
  ///   - userCache: Tessera's folder in the user's cache.
  init(folder: String?, limit: Int?, userCache: String) {
    self.folder = folder == Self.nowhere ? nil : folder ?? userCache + "/weights"
    self.limit = limit ?? Self.defaultLimit
  }

  var cache: WeightsCache? { folder.map { WeightsCache(folder: $0, limit: limit) } }
}

/// The same as flags.
struct WeightsCacheOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where transformed weights are kept for the next start, or none (TESSERA_WEIGHTS_CACHE). Default: ~/.cache/tessera/weights.",
      valueName: "dir|none"), completion: .directory)
  var weightsCache: String?

  @Option(
    help: ArgumentHelp(
      "What that folder may take, such as 20GiB (TESSERA_WEIGHTS_LIMIT). Default: 10GiB; what was used longest ago goes first.",
      valueName: "size"))
  var weightsLimit: String?

  var flags: [String: String?] { ["weights.cache": weightsCache, "weights.limit": weightsLimit] }
}
