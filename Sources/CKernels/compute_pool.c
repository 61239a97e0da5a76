#define _GNU_SOURCE
#include "compute_pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

struct tessera_pool {
  int threads;
  int spins;  // looks at the other threads before a thread sleeps
  pthread_t *handles;
  pthread_mutex_t lock;
  pthread_cond_t started, finished;
  atomic_ulong generation;  // counts loops; a worker that sees it grow takes part
  atomic_int busy;          // workers that still take part in the loop
  atomic_int stopping;
  atomic_long next;
  long count;
  void (*body)(void *, long, int);
  void *context;
};

// About a tenth of a millisecond: a layer is many short loops, and waking a thread that sleeps takes as long as some of them.
#define SPINS 2000

static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Threads that the process may run at once. More threads than that had better sleep than look.
static int processors(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

typedef struct {
  tessera_pool *pool;
  int worker;
} start_argument;

static void take_items(tessera_pool *pool, int worker) {
  for (;;) {
    long item = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
    if (item >= pool->count) return;
    pool->body(pool->context, item, worker);
  }
}

// Whether there is a loop that the worker hasn't seen, or nothing more to come.
static int is_called(tessera_pool *pool, unsigned long seen) {
  return atomic_load_explicit(&pool->generation, memory_order_acquire) != seen ||
         atomic_load_explicit(&pool->stopping, memory_order_acquire);
}

static void *worker_main(void *argument) {
  start_argument start = *(start_argument *)argument;
  free(argument);
  tessera_pool *pool = start.pool;
  // A loop waits for all workers, so none can miss one.
  for (unsigned long seen = 0;; seen++) {
    for (int i = 0; i < pool->spins && !is_called(pool, seen); i++) relax();
    if (!is_called(pool, seen)) {
      pthread_mutex_lock(&pool->lock);
      while (!is_called(pool, seen)) pthread_cond_wait(&pool->started, &pool->lock);
      pthread_mutex_unlock(&pool->lock);
    }
    if (atomic_load_explicit(&pool->stopping, memory_order_acquire)) return NULL;
    take_items(pool, start.worker);
    if (atomic_fetch_sub_explicit(&pool->busy, 1, memory_order_acq_rel) == 1) {
      // Under the lock, so that the signal doesn't fall between the caller's look and its sleep.
      pthread_mutex_lock(&pool->lock);
      pthread_cond_signal(&pool->finished);
      pthread_mutex_unlock(&pool->lock);
    }
  }
}

tessera_pool *tessera_pool_create(int threads) {
  if (threads < 1) threads = 1;
  tessera_pool *pool = calloc(1, sizeof *pool);
  if (!pool) return NULL;
  pool->handles = calloc((size_t)threads, sizeof *pool->handles);
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->started, NULL);
  pthread_cond_init(&pool->finished, NULL);
  pool->threads = 1;
  pool->spins = threads <= processors() ? SPINS : 0;
  for (int i = 1; pool->handles && i < threads; i++) {
    start_argument *argument = malloc(sizeof *argument);
    if (argument) *argument = (start_argument){pool, i};
    if (!argument || pthread_create(&pool->handles[i], NULL, worker_main, argument)) {
      free(argument);
      tessera_pool_destroy(pool);
      return NULL;
    }
    pool->threads++;
  }
  if (!pool->handles) {
    tessera_pool_destroy(pool);
    return NULL;
  }
  return pool;
}

void tessera_pool_destroy(tessera_pool *pool) {
  if (!pool) return;
  pthread_mutex_lock(&pool->lock);
  atomic_store_explicit(&pool->stopping, 1, memory_order_release);
  pthread_cond_broadcast(&pool->started);
  pthread_mutex_unlock(&pool->lock);
  for (int i = 1; i < pool->threads; i++) pthread_join(pool->handles[i], NULL);
  pthread_cond_destroy(&pool->started);
  pthread_cond_destroy(&pool->finished);
  pthread_mutex_destroy(&pool->lock);
  free(pool->handles);
  free(pool);
}

void tessera_pool_run(tessera_pool *pool, long count, void (*body)(void *, long, int), void *context) {
  if (pool->threads == 1 || count <= 1) {
    for (long item = 0; item < count; item++) body(context, item, 0);
    return;
  }
  pool->body = body;
  pool->context = context;
  pool->count = count;
  atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
  atomic_store_explicit(&pool->busy, pool->threads - 1, memory_order_relaxed);
  pthread_mutex_lock(&pool->lock);
  atomic_fetch_add_explicit(&pool->generation, 1, memory_order_release);
  pthread_cond_broadcast(&pool->started);
  pthread_mutex_unlock(&pool->lock);
  take_items(pool, 0);
  for (int i = 0; i < pool->spins && atomic_load_explicit(&pool->busy, memory_order_acquire); i++) relax();
  if (atomic_load_explicit(&pool->busy, memory_order_acquire)) {
    pthread_mutex_lock(&pool->lock);
    while (atomic_load_explicit(&pool->busy, memory_order_acquire)) pthread_cond_wait(&pool->finished, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
  }
}
