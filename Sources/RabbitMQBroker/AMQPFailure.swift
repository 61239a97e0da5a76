/// Why a call of the broker failed, and what it left behind.
enum AMQPFailure: Error, Equatable {
  /// The connection can't be used any more: lost, timed out, never made.
  case connectionLost(String)
  /// The broker left a request without an answer; the connection can't be used any more either.
  case noAnswer(String)
  /// There is no connection that can be trusted: a certificate that is refused, or a file of ours that can't be read.
  case untrusted(String)
  /// The broker closed the connection, with the protocol's code and text.
  case connectionClosed(code: Int, text: String)
  /// The broker closed the channel; the connection goes on.
  case channelClosed(channel: UInt16, code: Int, text: String)

  var reason: String {
    switch self {
    case .connectionLost(let reason), .noAnswer(let reason), .untrusted(let reason): reason
    case .connectionClosed(_, let text), .channelClosed(_, _, let text): text
    }
  }

  /// Whether the broker has understood and doesn't want: wrong password or rights (403), a queue with other arguments (406), no
  /// such virtual host (530). Or we don't want: a certificate that isn't right. Waiting alone doesn't help.
  var isRefusal: Bool {
    switch self {
    case .connectionLost, .noAnswer: false
    case .untrusted: true
    case .connectionClosed(let code, _), .channelClosed(_, let code, _): [403, 406, 530].contains(code)
    }
  }
}
