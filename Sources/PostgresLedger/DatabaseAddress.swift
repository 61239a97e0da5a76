/// What a database's URL says, without its secrets.
public struct DatabaseAddress: Hashable, Sendable {
  /// Why data on its way there could be read or changed, and what to do; `nil` where nothing is wrong.
  public let weakness: String?

  /// - Parameter url: libpq's connection string. It is a secret.
  /// - Throws: `LedgerError.unavailable` when it can't be read.
  public init(_ url: String) throws { weakness = try ConnectionSettings(url: url).weakness }
}
