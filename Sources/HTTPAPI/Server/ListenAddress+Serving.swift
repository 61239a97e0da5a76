internal import Hummingbird
internal import Logging
internal import NIOCore

extension ListenAddress {
  /// Answers requests at this address until the process is asked to stop.
  /// - Parameters:
  ///   - idleTimeout: closes a connection on which nothing comes for so long, though something should.
  ///   - message: what is logged when it answers.
  ///   - failure: what is thrown, for a reason, when the address can't be listened on.
  func serve<Context: RequestContext>(
    _ router: Router<Context>, idleTimeout: TimeAmount? = nil, backlog: Int = 256, logger: Logger,
    started message: Logger.Message, failure: (String) -> any Error
  ) async throws where Context.Source == ApplicationRequestContextSource {
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .notice)
    let application = Application(
      router: router, server: .http1(configuration: .init(idleTimeout: idleTimeout)),
      configuration: ApplicationConfiguration(address: .hostname(host, port: port), backlog: backlog),
      onServerRunning: { channel in
        logger.info(
          message,
          metadata: ["host": "\(channel.localAddress?.ipAddress ?? "")", "port": "\(channel.localAddress?.port ?? 0)"])
      }, logger: quiet)
    do {
      try await application.run()
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw failure("\(error)")
    }
  }
}
