internal import ServiceLifecycle

/// Loops of services: they go on until the process is asked to stop, by SIGTERM or by cancellation.
enum Pausing {
  static var goesOn: Bool { !Task.isCancelled && !Task.isShuttingDownGracefully }

  /// Sleeps for `duration`, or less when the process is asked to stop.
  static func pause(_ duration: Duration) async {
    await cancelWhenGracefulShutdownIgnoringErrors { try await Task.sleep(for: duration) }
  }

  private static func cancelWhenGracefulShutdownIgnoringErrors(_ body: @Sendable @escaping () async throws -> Void)
    async
  {
    do { try await cancelWhenGracefulShutdown(body) } catch {}  // only the sleep's own cancellation can be thrown
  }
}
