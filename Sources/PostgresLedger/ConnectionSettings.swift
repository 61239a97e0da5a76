internal import CPostgres
internal import FleetContracts

/// A connection string, taken apart by libpq, with the defaults that a fleet needs. It keeps the secrets out of messages.
struct ConnectionSettings: Sendable {
  private(set) var parameters: [String: String]

  /// - Throws: `LedgerError.unavailable` when `url` can't be read. libpq's own message isn't passed on: it quotes the password.
  init(url: String) throws {
    guard let options = PQconninfoParse(url, nil) else {
      throw LedgerError.unavailable(
        "its address can't be read; expected something like postgresql://user:password@host:5432/database.")
    }
    defer { PQconninfoFree(options) }
    var parameters = [
      "application_name": "tessera",
      "connect_timeout": "10",
      // A peer that is gone without a word (power cut, cable) is noticed after about half a minute.
      "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "25000",
    ]
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val { parameters[String(cString: keyword)] = String(cString: value) }
      option += 1
    }
    parameters["client_encoding"] = "UTF8"
    self.parameters = parameters
  }

  /// The same server, asked by nobody in particular and without TLS, only to learn whether it is there: one whose certificate is refused
  /// is there, and waiting for it is in vain. A server that wants TLS says so, which is an answer.
  var forPing: ConnectionSettings {
    var ping = self
    ping.parameters.merge(["user": "ping", "dbname": "ping", "sslmode": "disable", "gssencmode": "disable"]) { $1 }
    for secret in ["password", "passfile", "sslcert", "sslkey", "sslpassword"] { ping.parameters[secret] = nil }
    return ping
  }

  /// What an operator should know about how this connection is protected, or `nil`. On loopback, and through a socket in the file system,
  /// nothing leaves the machine.
  var weakness: String? {
    let hosts = (parameters["hostaddr"] ?? parameters["host"] ?? "").split(separator: ",").map(String.init)
    let remote = hosts.filter {
      !($0 == "localhost" || $0 == "::1" || $0.hasPrefix("127.") || $0.hasPrefix("/") || $0.hasPrefix("@"))
    }
    let mode = parameters["sslmode"] ?? "prefer"
    guard let host = remote.first, mode != "verify-full" else { return nil }
    return
      "The connection to the database at \(host) uses sslmode \(mode), so its certificate and name aren't checked; add sslmode=verify-full and sslrootcert=FILE to its URL."
  }

  /// `message` in one line and without the password.
  func redacted(_ message: String) -> String {
    var text = message.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }.joined(separator: " ")
    for secret in [parameters["password"], parameters["sslpassword"]] {
      if let secret, !secret.isEmpty { text = text.replacing(secret, with: "…") }
    }
    return text
  }

  /// Calls `body` with the names and values as libpq wants them: two parallel lists that end with null.
  func withKeywords<Value>(
    _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> Value
  ) -> Value {
    let names = parameters.keys.sorted()
    return withCStrings(names + [nil]) { keywords in
      withCStrings(names.map { parameters[$0] } + [nil]) { values in body(keywords, values) }
    }
  }
}

/// Calls `body` with C strings that live as long as the call; `nil` becomes null.
func withCStrings<Value>(
  _ texts: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>) throws -> Value
) rethrows -> Value {
  let copies = texts.map { text in text.map { UnsafePointer<CChar>(copy($0)) } }
  defer { for copy in copies { copy?.deallocate() } }
  return try copies.withUnsafeBufferPointer { buffer in
    // An empty list has no address; libpq doesn't read it then, but wants one.
    if let base = buffer.baseAddress { return try body(base) }
    var nothing: UnsafePointer<CChar>?
    return try body(&nothing)
  }
}

private func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
  let characters = text.utf8CString
  let memory = UnsafeMutablePointer<CChar>.allocate(capacity: characters.count)
  characters.withUnsafeBufferPointer {
    memory.initialize(from: $0.baseAddress ?? UnsafePointer(memory), count: $0.count)
  }
  return memory
}
