// SPDX-License-Identifier: Apache-2.0
// One word, `state`, says which job is open and how many workers are inside it: epoch (16 bits) | closed | count (15 bits). A worker joins an
// open job by incrementing the count; the caller closes the job when no programs are left and waits for the count to fall to 0. A worker
// that wakes too late finds the job closed and goes back to sleep, so a launch never waits for a sleeping worker, and the job's fields
// are only written while no worker is inside. Workers sleep on `signal`, the caller on `state`; both spin first.
#define _GNU_SOURCE
#include "pool.h"
#include "float_mode.h"
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
  kClosed = 1u << 15,
  kCountMask = kClosed - 1,
  kEpochShift = 16,
  kSpins = 2000,         // about 20 us to 60 us: longer than the gap between two launches of one call
  kChunksPerThread = 8,  // so that unequal programs even out
};

typedef struct {
  rt_kernel_fn kernel;
  const void *const *args;
  int64_t total, chunk;
} job;

typedef struct {
  void *data;
  size_t bytes;
} scratch;

typedef struct {
  rt_pool *pool;
  int index; // of its scratch; the caller's is 0
  pthread_t thread;
} worker;

struct rt_pool {
  pthread_mutex_t turn; // held by the launching thread
  int num_threads, num_workers;
  bool started;
  worker *workers;
  scratch *scratches; // one per thread
  job job;
  _Alignas(64) _Atomic int64_t next; // first program that nobody has taken
  _Alignas(64) _Atomic uint32_t state;
  _Alignas(64) _Atomic uint32_t signal; // changes when a job opens, and at shutdown
  _Atomic uint32_t sleepers;
  _Atomic bool caller_sleeps;
  _Atomic bool stop;
};

static void futex_wait(_Atomic uint32_t *word, uint32_t expected) { syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0); }
static void futex_wake(_Atomic uint32_t *word, int count) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0); }

static inline void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Takes ranges until none is left.
static void run_programs(rt_pool *pool, void *scratch_data) {
  const job *j = &pool->job;
  for (;;) {
    int64_t begin = atomic_fetch_add_explicit(&pool->next, j->chunk, memory_order_relaxed);
    if (begin >= j->total)
      return;
    int64_t end = j->total - begin < j->chunk ? j->total : begin + j->chunk;
    j->kernel(j->args, begin, end, scratch_data);
  }
}

// --- Workers --------------------------------------------------------------------------------------------------------------------------

static void join_job(worker *w) {
  rt_pool *pool = w->pool;
  uint32_t s = atomic_load_explicit(&pool->state, memory_order_relaxed);
  do {
    if (s & kClosed)
      return;
  } while (!atomic_compare_exchange_weak_explicit(&pool->state, &s, s + 1, memory_order_acquire, memory_order_relaxed));
  run_programs(pool, pool->scratches[w->index].data);
  s = atomic_fetch_sub_explicit(&pool->state, 1, memory_order_seq_cst) - 1;
  if ((s & kClosed) && (s & kCountMask) == 0 && atomic_load(&pool->caller_sleeps))
    futex_wake(&pool->state, 1);
}

static void *worker_main(void *argument) {
  worker *w = argument;
  rt_pool *pool = w->pool;
  uint32_t seen = 0;
  rt_float_mode_set_default();
  while (!atomic_load(&pool->stop)) {
    uint32_t now = seen;
    for (int i = 0; i < kSpins && now == seen; ++i) {
      relax();
      now = atomic_load_explicit(&pool->signal, memory_order_acquire);
    }
    if (now == seen) {
      atomic_fetch_add(&pool->sleepers, 1);
      if (atomic_load(&pool->signal) == seen)
        futex_wait(&pool->signal, seen);
      atomic_fetch_sub(&pool->sleepers, 1);
      continue;
    }
    seen = now;
    join_job(w);
  }
  return NULL;
}

// Workers take no signals: handlers of the host program run on its own threads.
static void start_workers(rt_pool *pool) {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pool->started = true;
  for (int i = 1; i < pool->num_threads; ++i) {
    worker *w = &pool->workers[pool->num_workers];
    *w = (worker){.pool = pool, .index = i};
    if (pthread_create(&w->thread, NULL, worker_main, w))
      break;
    ++pool->num_workers;
  }
  pthread_sigmask(SIG_SETMASK, &old, NULL);
}

// --- Launching ------------------------------------------------------------------------------------------------------------------------

static seqc_rt_status_t grow_scratch(rt_pool *pool, size_t bytes) {
  for (int i = 0; i < pool->num_threads; ++i) {
    scratch *s = &pool->scratches[i];
    if (s->bytes >= bytes)
      continue;
    rt_free(s->data);
    s->data = rt_aligned_alloc(bytes);
    s->bytes = s->data ? bytes : 0;
    if (!s->data)
      return rt_no_memory("the scratch space of kernels");
  }
  return SEQC_RT_OK;
}

static void open_job(rt_pool *pool) {
  uint32_t epoch = (atomic_load_explicit(&pool->state, memory_order_relaxed) >> kEpochShift) + 1;
  atomic_store_explicit(&pool->state, epoch << kEpochShift, memory_order_release);
  atomic_fetch_add(&pool->signal, 1);
  if (atomic_load(&pool->sleepers))
    futex_wake(&pool->signal, pool->num_workers);
}

static void close_job(rt_pool *pool) {
  uint32_t s = atomic_fetch_or(&pool->state, kClosed) | kClosed;
  for (int i = 0; (s & kCountMask) && i < kSpins; ++i) {
    relax();
    s = atomic_load_explicit(&pool->state, memory_order_acquire);
  }
  while (s & kCountMask) {
    atomic_store(&pool->caller_sleeps, true);
    s = atomic_load(&pool->state);
    if (s & kCountMask)
      futex_wait(&pool->state, s);
    atomic_store(&pool->caller_sleeps, false);
    s = atomic_load_explicit(&pool->state, memory_order_acquire);
  }
}

static seqc_rt_status_t run_locked(rt_pool *pool, rt_kernel_fn kernel, const void *const *args, int64_t total, size_t scratch_bytes) {
  RT_TRY(grow_scratch(pool, scratch_bytes));
  if (total == 1 || pool->num_threads == 1)
    return kernel(args, 0, total, pool->scratches[0].data), SEQC_RT_OK;
  if (!pool->started)
    start_workers(pool);
  int64_t parts = (int64_t)(pool->num_workers + 1) * kChunksPerThread;
  pool->job = (job){kernel, args, total, total / parts + (total % parts != 0)};
  atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
  open_job(pool);
  run_programs(pool, pool->scratches[0].data);
  close_job(pool);
  return SEQC_RT_OK;
}

seqc_rt_status_t rt_pool_run(rt_pool *pool, rt_kernel_fn kernel, const void *const *args, int64_t total, size_t scratch_bytes) {
  if (total <= 0)
    return SEQC_RT_OK;
  pthread_mutex_lock(&pool->turn);
  seqc_rt_status_t status = run_locked(pool, kernel, args, total, scratch_bytes);
  pthread_mutex_unlock(&pool->turn);
  return status;
}

// --- Life -----------------------------------------------------------------------------------------------------------------------------

rt_pool *rt_pool_create(int num_threads) {
  rt_pool *pool = rt_aligned_alloc(sizeof *pool);
  if (!pool)
    return NULL;
  *pool = (rt_pool){.num_threads = num_threads};
  pthread_mutex_init(&pool->turn, NULL);
  atomic_store(&pool->state, kClosed);
  pool->workers = rt_calloc((size_t)num_threads, sizeof *pool->workers);
  pool->scratches = rt_calloc((size_t)num_threads, sizeof *pool->scratches);
  if (pool->workers && pool->scratches)
    return pool;
  rt_pool_destroy(pool);
  return NULL;
}

void rt_pool_destroy(rt_pool *pool) {
  if (!pool)
    return;
  atomic_store(&pool->stop, true);
  atomic_fetch_add(&pool->signal, 1);
  futex_wake(&pool->signal, pool->num_workers);
  for (int i = 0; i < pool->num_workers; ++i)
    pthread_join(pool->workers[i].thread, NULL);
  for (int i = 0; pool->scratches && i < pool->num_threads; ++i)
    rt_free(pool->scratches[i].data);
  rt_free(pool->scratches);
  rt_free(pool->workers);
  pthread_mutex_destroy(&pool->turn);
  rt_free(pool);
}

int rt_pool_num_threads(const rt_pool *pool) { return pool->num_threads; }
