internal import Glibc
public import Kernels
public import UNet

/// A folder in which a machine's processes keep transformed weights, one file for each fold, layout and network.
///
/// A file is mapped, so that all processes share one copy of it, and trusted only after its header and all of its content were
/// held against their sums. It is written beside its place and renamed, so any number of processes may use the folder at once; two that
/// make the same file write the same bytes. When the folder would grow beyond its limit, the files go that were used longest ago.
public struct WeightsCache: Sendable {
  public let folder: String
  /// Bytes that all files may take together.
  public let limit: Int

  /// Makes nothing yet: the folder is made with the first file.
  public init(folder: String, limit: Int) {
    self.folder = folder
    self.limit = limit
  }

  public enum Finding: Sendable {
    case found(PreparedWeights)
    case missing
    /// There was a file, and it isn't used: `reason` is a sentence.
    case removed(reason: String)
  }

  /// Looks weights up.
  /// - Parameters:
  ///   - engine: that the key was made for.
  ///   - pool: threads to check the content with.
  /// - Throws: `NetworkExecutionError`, which a key of the engine excludes.
  public func find(_ key: WeightsKey, for engine: NetworkEngine, pool: ComputePool) throws -> Finding {
    let path = path(key)
    // A link may lead anywhere; a pipe would block.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return errno == ELOOP ? remove(path, "is a link") : .missing }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return remove(path, "isn't a plain file")
    }
    guard status.st_uid == geteuid() else { return remove(path, "belongs to another user") }
    // The size comes first: what lies behind a file's end can't be read.
    let header = WeightsHeader.length(key)
    guard Int(status.st_size) == header + key.byteCount else {
      return remove(path, "has \(status.st_size) bytes instead of \(header + key.byteCount)")
    }
    guard let file = MappedFile(descriptor, byteCount: Int(status.st_size)) else { return .missing }
    if let problem = WeightsHeader.problem(in: file.all, key, pool: pool) { return remove(path, problem) }
    futimens(descriptor, nil)  // used now; without effect on a folder that is read-only
    return .found(try engine.adopt(MappedWeights(file, header: header)))
  }

  private func remove(_ path: String, _ problem: String) -> Finding {
    let isGone = unlink(path) == 0 || errno == ENOENT
    let consequence = isGone ? "it was removed and is made anew" : "it isn't used, but can't be removed; remove it"
    return .removed(reason: "Looking for transformed weights: \(path) \(problem); \(consequence).")
  }

  /// Keeps weights, unless they are larger than the limit.
  ///
  /// It takes as long as the disk does, so it is for a thread that nobody waits for.
  /// - Throws: `WeightsCacheError` when they can't be written; nothing is left behind then.
  public func store(_ weights: PreparedWeights, _ key: WeightsKey) throws(WeightsCacheError) {
    let content = UnsafeRawBufferPointer(rebasing: weights.memory.bytes.prefix(key.byteCount))
    let size = WeightsHeader.length(key) + key.byteCount
    guard size <= limit else {
      throw WeightsCacheError(
        "Keeping transformed weights: they take \(size) bytes, the limit of \(folder) is \(limit); raise it, or let weights be transformed "
          + "at each start.")
    }
    try CacheFolder.make(folder)
    CacheFolder(folder).makeRoom(for: size, limit: limit, replacing: key.fileName)
    let header = WeightsHeader(key: key, sums: ContentSums.of(content)).encoded
    let written: Result<Void, WeightsCacheError> = header.withUnsafeBytes { header in
      do throws(WeightsCacheError) {
        return .success(try CacheFolder(folder).write([header, content], to: key.fileName))
      } catch {
        return .failure(error)
      }
    }
    withExtendedLifetime(weights) {}
    try written.get()
  }

  private func path(_ key: WeightsKey) -> String { "\(folder)/\(key.fileName)" }
}
