// The Linux calls that Swift's Glibc overlay lacks. `tessera_` keeps them apart from the system's own names.
#pragma once
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

/// A descriptor that `poll` reports readable after a signal; -1 with `errno` where there is none to be had.
static inline int tessera_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

/// Makes the descriptor readable. It can't block: the counter would have to reach 2^64 - 1 first.
static inline void tessera_eventfd_signal(int descriptor) {
  uint64_t one = 1;
  ssize_t written = write(descriptor, &one, sizeof one);
  (void)written;
}

/// Makes the descriptor unreadable again.
static inline void tessera_eventfd_clear(int descriptor) {
  uint64_t count;
  ssize_t got = read(descriptor, &count, sizeof count);
  (void)got;
}

/// Names the calling thread. (The overlay has neither the variadic `prctl` nor the GNU extension `pthread_setname_np`.)
static inline void tessera_name_this_thread(const char *name) { prctl(PR_SET_NAME, name); }
