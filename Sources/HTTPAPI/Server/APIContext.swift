internal import Hummingbird
internal import Synchronization

/// What is known of a request beside the request itself.
struct APIContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// From where it comes; empty when that isn't known.
  let address: String
  /// Whose it is, once that is known.
  let caller = CallerNote()

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    address = source.channel.remoteAddress?.ipAddress ?? ""
  }

  /// The name of the token that was let in, as its operator chose it.
  final class CallerNote: Sendable {
    private let kept = Mutex<String?>(nil)

    var name: String? {
      get { kept.withLock { $0 } }
      set { kept.withLock { $0 = newValue } }
    }
  }
}
