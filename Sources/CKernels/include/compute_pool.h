#pragma once

/// A fixed set of threads that share the items of one loop at a time. The calling thread is worker 0.
typedef struct tessera_pool tessera_pool;

/// `threads` >= 1 workers, of which `threads - 1` are new threads. NULL when threads can't be started.
tessera_pool *tessera_pool_create(int threads);
void tessera_pool_destroy(tessera_pool *pool);

/// Calls `body(context, item, worker)` for each item in 0..<count and returns when all are done. Which worker gets which
/// item is not determined; results must not depend on it. Not reentrant: one loop at a time for each pool.
void tessera_pool_run(tessera_pool *pool, long count, void (*body)(void *context, long item, int worker), void *context);
