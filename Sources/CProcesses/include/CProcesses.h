// The Linux calls about processes that Swift's Glibc overlay lacks. `tessera_` keeps them apart from the system's own names.
#pragma once
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>

/// Has the kernel kill this process when the thread that started it ends. (The overlay lacks the variadic `prctl`.)
static inline int tessera_die_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL); }

/// Has a child that is spawned keep no descriptor from `first` on. (GNU's; the overlay's module has POSIX's alone.)
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int first);
static inline int tessera_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

/// The name that `ps` shows for the calling process; Linux keeps its first 15 bytes. For the main thread.
static inline void tessera_name_this_process(const char *name) { prctl(PR_SET_NAME, name); }

/// Ignores a signal. (`SIG_IGN` is a cast that Swift can't read.)
static inline void tessera_ignore_signal(int number) { signal(number, SIG_IGN); }
