#include "compute_pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct tessera_pool {
  int threads;
  pthread_t *handles;
  pthread_mutex_t lock;
  pthread_cond_t started, finished;
  unsigned long generation;  // counts loops; a worker that sees it grow takes part
  int busy;                  // workers that still take part in the loop
  int stopping;
  atomic_long next;
  long count;
  void (*body)(void *, long, int);
  void *context;
};

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

static void *worker_main(void *argument) {
  start_argument start = *(start_argument *)argument;
  free(argument);
  tessera_pool *pool = start.pool;
  unsigned long seen = 0;
  pthread_mutex_lock(&pool->lock);
  for (;;) {
    while (pool->generation == seen && !pool->stopping) pthread_cond_wait(&pool->started, &pool->lock);
    if (pool->stopping) break;
    seen = pool->generation;
    pthread_mutex_unlock(&pool->lock);
    take_items(pool, start.worker);
    pthread_mutex_lock(&pool->lock);
    if (--pool->busy == 0) pthread_cond_signal(&pool->finished);
  }
  pthread_mutex_unlock(&pool->lock);
  return NULL;
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
  pool->stopping = 1;
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
  pthread_mutex_lock(&pool->lock);
  pool->body = body;
  pool->context = context;
  pool->count = count;
  atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
  pool->busy = pool->threads - 1;
  pool->generation++;
  pthread_cond_broadcast(&pool->started);
  pthread_mutex_unlock(&pool->lock);
  take_items(pool, 0);
  pthread_mutex_lock(&pool->lock);
  while (pool->busy) pthread_cond_wait(&pool->finished, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
}
