public import FleetContracts
internal import Foundation

/// What the API works on.
public struct APIServices: Sendable {
  var ledger: any Ledger
  var store: any BlobStore
  /// What must stay free in the store.
  var reserve: StoreReserve
  var limits: APILimits
  /// Whether whoever has no token may do everything; only on loopback.
  var isOpen: Bool
  /// This program's version, for the document.
  var version: String
  /// Makes pictures of completed runs; `nil`: there are none.
  var pictures: (any RunPicturing)?

  public init(
    ledger: any Ledger, store: any BlobStore, reserve: StoreReserve, limits: APILimits = APILimits(),
    isOpen: Bool = false,
    version: String, pictures: (any RunPicturing)? = nil
  ) {
    self.ledger = ledger
    self.store = store
    self.reserve = reserve
    self.limits = limits
    self.isOpen = isOpen
    self.version = version
    self.pictures = pictures
  }
}

/// What callers are held to.
public struct APILimits: Hashable, Sendable {
  /// Bytes of a request that brings images.
  public var upload: Int
  /// Requests a second of one token, or of one address without a token.
  public var rate: Int
  /// Requests at once, after a time without any.
  public var burst: Int

  public init(upload: Int = 4 << 30, rate: Int = 100, burst: Int = 1000) {
    self.upload = upload
    self.rate = rate
    self.burst = burst
  }

  /// Bytes of a request of JSON.
  static let json = 64 << 10
}
