/// Files in PEM with which a connection by TLS is made. The broker's certificate and name are always checked.
public struct TLSFiles: Hashable, Sendable {
  /// The authorities that may have signed the broker's certificate; `nil` stands for those that the system trusts.
  public var authorities: String?
  /// This client's certificate, with the chain up to its authority, where the broker asks for one.
  public var certificate: String?
  /// The private key of `certificate`.
  public var key: String?

  public init(authorities: String? = nil, certificate: String? = nil, key: String? = nil) {
    self.authorities = authorities
    self.certificate = certificate
    self.key = key
  }

  /// These files; what is missing comes from `other`.
  func filled(from other: TLSFiles) -> TLSFiles {
    TLSFiles(
      authorities: authorities ?? other.authorities, certificate: certificate ?? other.certificate,
      key: key ?? other.key)
  }
}
