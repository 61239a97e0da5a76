internal import Glibc

/// A value behind a lock, with a condition that threads wait on: the smallest thing that lets a plain thread sleep until there
/// is work. (`Synchronization.Mutex` has no condition.)
final class Monitor<State>: @unchecked Sendable {  // `state` is touched only while `mutex` is held
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>
  private var state: State

  init(_ state: State) {
    self.state = state
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
    changed = .allocate(capacity: 1)
    changed.initialize(to: pthread_cond_t())
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    changed.deallocate()
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Changes the state and wakes who waits.
  func update<T>(_ change: (inout State) -> T) -> T {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(changed)
      pthread_mutex_unlock(mutex)
    }
    return change(&state)
  }

  /// Sleeps until `take` finds something to return.
  func wait<T>(for take: (inout State) -> T?) -> T {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let found = take(&state) { return found }
      pthread_cond_wait(changed, mutex)
    }
  }
}
