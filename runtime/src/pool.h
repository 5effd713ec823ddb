// SPDX-License-Identifier: Apache-2.0
// Workers that run the programs of one launch at a time. Started once, at the first launch that can use them.
#ifndef SEQC_RT_POOL_H
#define SEQC_RT_POOL_H

#include "code.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rt_pool rt_pool;

// `num_threads` counts the calling thread. NULL if out of memory.
rt_pool *rt_pool_create(int num_threads);
void rt_pool_destroy(rt_pool *pool); // no launch may be running; NULL is allowed
int rt_pool_num_threads(const rt_pool *pool);

// Runs programs 0 <= t < total and returns when all are done. Calls from several threads take turns. OUT_OF_MEMORY for scratch.
// If the system gives fewer threads than asked for, the others do the work.
seqc_rt_status_t rt_pool_run(rt_pool *pool, rt_kernel_fn kernel, const void *const *args, int64_t total, size_t scratch_bytes);

#ifdef __cplusplus
}
#endif

#endif
