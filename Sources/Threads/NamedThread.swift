internal import CLinux
internal import Glibc

/// Plain threads with a name that `top -H` and a debugger show.
public enum NamedThread {
  /// The stack of a thread unless asked otherwise: 8 MiB, as the main thread has. It is reserved, not touched.
  public static let defaultStack = 8 << 20

  /// Runs `body` on a new thread that nobody joins; it ends with `body`.
  /// - Parameters:
  ///   - name: Linux keeps its first 15 bytes.
  ///   - stack: In bytes.
  /// - Throws: `ThreadError.unavailable`.
  public static func start(
    name: String, stack: Int = defaultStack, _ body: @escaping @Sendable () -> Void
  ) throws(ThreadError) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var code = pthread_attr_setstacksize(&attributes, stack)
    guard code == 0 else { throw .unavailable("a stack of \(stack) bytes for the thread \(name)", code: code) }

    let start = Unmanaged.passRetained(Start(name: name, body: body))
    var thread = pthread_t()
    code = pthread_create(
      &thread, &attributes,
      { context in
        guard let context else { return nil }
        let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
        tessera_name_this_thread(start.name)
        start.body()
        return nil
      }, start.toOpaque())
    guard code == 0 else {
      start.release()
      throw .unavailable("the thread \(name)", code: code)
    }
  }

  private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
}
