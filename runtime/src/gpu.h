// SPDX-License-Identifier: Apache-2.0
// A package on a GPU: context, modules, weights in device memory, and the memory that calls use.
#ifndef SEQC_RT_GPU_H
#define SEQC_RT_GPU_H

#include "cuda.h"
#include "launch.h"
#include <pthread.h>

#ifdef __cplusplus
extern "C" {
#endif

// Device memory that one call at a time uses. `event` is recorded behind its last use.
typedef struct rt_gpu_buffer {
  struct rt_gpu_buffer *next;
  cu_ptr data;
  size_t bytes;
  cu_event event;
  cu_stream stream; // of the last use; a hint only
} rt_gpu_buffer;

typedef struct {
  const rt_gpu_code *code; // NULL if the kernel has none for the target
  cu_function function;
} rt_gpu_kernel;

typedef struct rt_gpu {
  const rt_cuda *cuda;
  rt_gpu_facts facts;
  const char *target; // whose code and plans are used
  cu_context context;
  bool retained;      // the primary context, to be released
  cu_module *modules; // of each member of the archive; NULL where there is none
  int num_modules;
  rt_gpu_kernel *kernels; // of each kernel of the manifest
  cu_ptr weights;         // all of them
  pthread_mutex_t lock;   // of `buffers`
  rt_gpu_buffer *buffers; // that no call is preparing
} rt_gpu;

// Loads code and weights onto pkg->device. Sets pkg->gpu and pkg->sms, and pkg->weights to device addresses. On failure pkg->gpu may be
// set; rt_gpu_close cleans up. DEVICE_ERROR, UNSUPPORTED, BAD_PACKAGE, OUT_OF_MEMORY, INVALID_ARGUMENT.
seqc_rt_status_t rt_gpu_open(seqc_rt_package_t *pkg);
void rt_gpu_close(rt_gpu *gpu);

// A call whose tensors are checked; f->workspace is NULL or the caller's.
seqc_rt_status_t rt_gpu_call(rt_frame *f);

// Makes the context current on this thread; leave undoes it.
seqc_rt_status_t rt_gpu_enter(const rt_gpu *gpu, bool *pushed);
void rt_gpu_leave(const rt_gpu *gpu, bool pushed);

// The best target in a package for compute capability `sm` (90): one with cubins that fit before one with PTX that fits, then the newest and
// most specific. NULL if none fits.
const char *rt_gpu_target(const rt_manifest *manifest, int sm);
// Code of a kernel for a target, NULL if it has none; *use_ptx if there is no cubin that fits.
const rt_gpu_code *rt_gpu_select(const rt_kernel *k, const char *target, int sm, bool *use_ptx);
// Loads a member as cubin or PTX; the context is current.
seqc_rt_status_t rt_gpu_load_module(const rt_gpu *gpu, const rt_member *member, const rt_gpu_code *code, bool is_ptx, cu_module *out);
// Finds the entry, compares its parameters with the manifest, and allows it its shared memory.
seqc_rt_status_t rt_gpu_load_function(const rt_gpu *gpu, cu_module module, const rt_kernel *k, const rt_gpu_code *code, cu_function *out);

#ifdef __cplusplus
}
#endif

#endif
