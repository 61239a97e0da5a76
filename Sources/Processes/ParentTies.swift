internal import CProcesses
internal import Glibc
internal import Threads

/// What makes a process a good child: it ends with its parent, and with nobody else's signals.
public enum ParentTies {
  /// Takes requests of the parent as they come, on a thread of their own.
  ///
  /// From now on this process ends at once, whatever it computes, when its parent has ended, closes the channel, or kills it. Requests to stop
  /// that are sent to a whole group of processes (Ctrl-C, a service manager's SIGTERM) are left to the parent. Where memory runs out,
  /// the kernel is asked to take this process rather than its parent.
  /// - Parameter name: what `ps` shows.
  /// - Throws: `ThreadError`.
  public static func requests(name: String) throws -> AsyncStream<[UInt8]> {
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { tessera_ignore_signal(signal) }
    tessera_name_this_process(name)
    // Should the parent be gone already, the channel says so.
    _ = tessera_die_with_parent()
    preferAsVictim()
    let (requests, speaker) = AsyncStream<[UInt8]>.makeStream()
    try NamedThread.start(name: "parent") {
      LineChannel.toParent.receive { speaker.yield($0) }
      _exit(0)
    }
    return requests
  }

  /// Raising one's own score needs no right; where it can't be done, the kernel chooses by size.
  private static func preferAsVictim() {
    guard let file = fopen("/proc/self/oom_score_adj", "w") else { return }
    fputs("500", file)
    fclose(file)
  }
}
