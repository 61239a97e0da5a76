internal import Digests
public import FleetContracts
public import Foundation

/// Makes runs of what other systems ask for.
public struct StudyIntake: Sendable {
  let ledger: any Ledger
  let store: any BlobStore
  let reserve: StoreReserve
  /// Where files may lie that submissions name; `nil` where they may name none.
  let folder: URL?

  public init(ledger: any Ledger, store: any BlobStore, reserve: StoreReserve, folder: URL? = nil) {
    self.ledger = ledger
    self.store = store
    self.reserve = reserve
    self.folder = folder
  }

  /// The images in the store, in the order of channels.
  /// - Throws: `StudyRefusal`, `BlobStoreError`.
  func images(of request: StudyRequest) async throws -> [Digest] {
    var digests: [Digest] = []
    for image in request.images {
      switch image {
      case .digest(let digest):
        guard try await store.contains(digest) else {
          throw StudyRefusal("The blob store has no image \(digest).")
        }
        digests.append(digest)
      case .file(let path): digests.append(try await put(try file(path)))
      }
    }
    return digests
  }

  /// Puts an image file into the store.
  func put(_ file: URL) async throws -> Digest {
    let data: NSData
    do {
      data = try NSData(contentsOf: file, options: .alwaysMapped)
    } catch {
      throw StudyRefusal("An image can't be read: \((error as NSError).domain) \((error as NSError).code).")
    }
    guard data.length > 0 else { throw StudyRefusal("An image is empty.") }
    return try await store.put(
      Blob(bytes: UnsafeRawBufferPointer(start: data.bytes, count: data.length), owner: data))
  }

  /// The file that a submission names, which must lie below the folder, also by way of links.
  private func file(_ path: String) throws -> URL {
    guard let folder else {
      throw StudyRefusal("Submissions may not name files here; put the image into the store, or set ingest.folder.")
    }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard !path.contains("\0"), !parts.contains(""), !parts.contains(".."), !parts.contains(".") else {
      throw StudyRefusal("An image's file must be named relative to the import folder, without . and .. in it.")
    }
    guard let base = Self.real(folder.path), let real = Self.real(folder.appending(path: path).path) else {
      throw StudyRefusal("An image's file isn't there.")
    }
    guard real.hasPrefix(base.hasSuffix("/") ? base : base + "/") else {
      throw StudyRefusal("An image's file lies outside of the import folder.")
    }
    return URL(filePath: real)
  }

  private static func real(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Makes the run, or finds the one that the key has made before.
  /// - Parameter key: the key where the request has none, from what is submitted.
  /// - Throws: `StudyRefusal`, `LedgerError`, `StoreReserveError`.
  func submit(
    _ request: StudyRequest, images: [Digest], trace: TraceContext?, key: (Submission) throws -> String
  ) async throws -> SubmissionReceipt {
    guard !request.models.isEmpty else { throw StudyRefusal("The submission names no model.") }
    var members: [PassRequest.Member] = []
    for (index, name) in request.models.enumerated() {
      guard let record = try await ledger.model(named: name) else { throw LedgerError.unknownModel(name) }
      guard images.count == record.channels else {
        throw StudyRefusal(
          "The model \(name) needs \(record.channels) image(s), one for each channel; \(images.count) were given.")
      }
      members.append(
        PassRequest.Member(
          model: record, folds: request.folds, weight: request.weights.isEmpty ? 1 : request.weights[index]))
    }
    try await reserve.check(store)
    var submission = Submission(
      images: images, passes: try PassRequest.passes(of: members), options: request.options, key: request.key,
      runClass: request.runClass ?? .routine, tenant: request.tenant ?? .default, deadline: request.deadline,
      trace: trace ?? TraceContext())
    if submission.key == nil { submission.key = try key(submission) }
    return try await ledger.submit(submission)
  }

  /// Whether what went wrong may go well another time, without anybody changing the submission.
  static func mayPass(_ error: any Error) -> Bool {
    switch error {
    case LedgerError.unavailable, LedgerError.notMigrated, BlobStoreError.unavailable, is StoreReserveError,
      is CancellationError, is JobQueueError:
      true
    default: false
    }
  }
}

/// Why a submission can't become a run: a sentence without names of files or patients.
struct StudyRefusal: Error, Hashable, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
