internal import Hummingbird

/// What is known of a request beside the request itself.
struct APIContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// From where it comes; empty when that isn't known.
  let address: String

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    address = source.channel.remoteAddress?.ipAddress ?? ""
  }
}
