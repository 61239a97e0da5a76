internal import Foundation

/// A wall clock that is set by chaos, also while a process runs, and for that process only.
///
/// A small library is preloaded that answers what the time is (`CLOCK_REALTIME`, `gettimeofday`, `time`), and leaves timers and the other
/// clocks alone. libfaketime can't be used for it: its `timerfd_settime` (0.9.10) moves deadlines of `CLOCK_MONOTONIC` and `CLOCK_BOOTTIME`
/// by the wall clock's offset too, so that a pause of Swift's ends at once or an hour late, which no clock on a wall brings about.
struct ShiftedClock {
  private let file: URL
  private let library: URL

  /// Seconds that are added to the wall clock of all processes that were started with `settings`. They see a new value at once.
  /// - Throws: when the file can't be written.
  func set(_ seconds: Int64) throws {
    let handle = try FileHandle(forWritingTo: file)
    defer { try? handle.close() }
    // In place, and in one piece: the processes have mapped the file.
    try handle.write(contentsOf: withUnsafeBytes(of: seconds) { Data($0) })
  }

  /// What a process must be started with to go by this clock.
  var settings: [String: String] { ["LD_PRELOAD": library.path, "TESSERA_CHAOS_CLOCK": file.path] }

  /// - Parameter folder: where the library is built and the clock's file lies.
  /// - Throws: `ChaosSkip` without a C compiler.
  init(_ name: String, in folder: URL, ahead seconds: Int64) async throws {
    file = folder.appending(path: "clock-\(name)")
    library = folder.appending(path: "clock.so")
    if !FileManager.default.fileExists(atPath: library.path) {
      let source = folder.appending(path: "clock.c")
      try Data(Self.source.utf8).write(to: source)
      do {
        try await Script.run(
          URL(filePath: "/usr/bin/env"), ["cc", "-shared", "-fPIC", "-O1", "-o", library.path, source.path])
      } catch { throw ChaosSkip("there is no C compiler (cc) to build a shifted clock with") }
    }
    try Data(count: 8).write(to: file)
    try set(seconds)
  }

  private static let source = """
    #define _GNU_SOURCE
    #include <fcntl.h>
    #include <stdint.h>
    #include <stdlib.h>
    #include <sys/mman.h>
    #include <sys/syscall.h>
    #include <sys/time.h>
    #include <time.h>
    #include <unistd.h>

    static const volatile int64_t *shift;

    __attribute__((constructor)) static void begin(void) {
      const char *name = getenv("TESSERA_CHAOS_CLOCK");
      int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
      if (file < 0) return;
      void *page = mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, file, 0);
      close(file);
      if (page != MAP_FAILED) shift = page;
    }

    int clock_gettime(clockid_t clock, struct timespec *at) {
      int code = (int)syscall(SYS_clock_gettime, clock, at);
      if (code == 0 && shift && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += *shift;
      return code;
    }

    int gettimeofday(struct timeval *at, void *zone) {
      (void)zone;
      struct timespec now;
      if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
      at->tv_sec = now.tv_sec;
      at->tv_usec = now.tv_nsec / 1000;
      return 0;
    }

    time_t time(time_t *at) {
      struct timespec now;
      if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
      if (at) *at = now.tv_sec;
      return now.tv_sec;
    }

    """
}
