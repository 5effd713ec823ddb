// SPDX-License-Identifier: Apache-2.0
// Native code of a package: checks that this machine can run it, and loads it from memory without touching the file system.
#ifndef SEQC_RT_CODE_H
#define SEQC_RT_CODE_H

#include "archive.h"
#include "manifest.h"

#ifdef __cplusplus
extern "C" {
#endif

// The ABI of docs/spec/package.md: programs begin <= t < end of the linearised grid.
typedef void (*rt_kernel_fn)(const void *const *args, int64_t begin, int64_t end, void *scratch);

typedef struct {
  void *handle; // of dlopen
  int fd;       // stays open: it keeps the name /proc/self/fd/N, by which the loader knows the library, from being used again
} rt_code;
#define RT_CODE_NONE ((rt_code){NULL, -1})

// UNSUPPORTED if architecture or a CPU feature is missing.
seqc_rt_status_t rt_code_check_cpu(const rt_manifest *manifest);
// DEVICE_ERROR if the library or a symbol cannot be loaded. Fills one function per kernel, NULL where a kernel has no CPU code.
seqc_rt_status_t rt_code_load(const rt_member *member, const rt_manifest *manifest, rt_code *out, rt_kernel_fn *kernels);
void rt_code_unload(rt_code *code);

#ifdef __cplusplus
}
#endif

#endif
