/* SPDX-License-Identifier: Apache-2.0
 * Controls of the fake driver: a libcuda.so.1 for tests that works on host memory, runs two kernels, counts what is alive, and can fail
 * any call. */
#ifndef SEQC_RT_TEST_FAKE_CUDA_H
#define SEQC_RT_TEST_FAKE_CUDA_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the machine looks like; fake_cuda_reset gives one H100 with driver 13.0. */
typedef struct {
  int devices, major, minor, driver_version, multiprocessors, shared_bytes;
  size_t memory_bytes; /* allocations beyond it fail */
  int init_result;     /* of cuInit */
  int never_ready;     /* cuEventQuery says not ready */
  int jit_result;      /* of loading PTX, with a log */
} fake_cuda_config;
fake_cuda_config *fake_cuda(void);
void fake_cuda_reset(void);

/* The call number `index` from now on (0: the next) returns `result` and, unless it destroys something, does nothing. -1: none. */
void fake_cuda_fail(int index, int result);
/* Calls since the last fake_cuda_fail or reset; the ones for error texts do not count. */
int fake_cuda_calls(void);
/* Name of the call that failed, or NULL. */
const char *fake_cuda_failed(void);
/* Allocations, modules, retained contexts, streams and events that are alive. */
int fake_cuda_alive(void);
/* Allocations alone, over all time: a call that must not allocate leaves it unchanged. */
int fake_cuda_allocations(void);

typedef struct {
  char name[64];
  unsigned grid[3], block[3], shared;
  void *stream;
} fake_cuda_launch;
int fake_cuda_num_launches(void);
fake_cuda_launch fake_cuda_last_launch(void);

/* A stream that is being captured: waiting and allocating there is an error. */
void fake_cuda_capture(void *stream, int capturing);

#ifdef __cplusplus
}
#endif

#endif
