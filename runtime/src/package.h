// SPDX-License-Identifier: Apache-2.0
// The loaded package: what package.c builds and call.c runs.
#ifndef SEQC_RT_PACKAGE_H
#define SEQC_RT_PACKAGE_H

#include "archive.h"
#include "code.h"
#include "manifest.h"
#include "pool.h"
#include <stdatomic.h>

struct rt_gpu;

struct seqc_rt_function {
  seqc_rt_package_t *package;
  const rt_function_decl *decl;
  const rt_plan *plan; // of the package's target
};

// Workspace kept between calls: header and data in one allocation.
typedef struct {
  size_t bytes;
  _Alignas(SEQC_PACKAGE_ALIGN) char data[];
} rt_workspace;

struct seqc_rt_package {
  rt_arena arena;
  const uint8_t *data;
  size_t size;
  bool mapped; // data is ours to unmap
  rt_archive archive;
  const rt_member *manifest_member;
  rt_manifest manifest;
  const void **weights; // address of each weight, on the device
  void **copies;        // aligned copies of weights that cannot be used in place; NULL where in place
  rt_code code;
  rt_kernel_fn *kernels; // NULL if inspect_only
  rt_pool *pool;
  struct seqc_rt_function *functions;
  _Atomic(rt_workspace *) workspace;
  struct rt_gpu *gpu; // NULL on the CPU, and if inspect_only
  seqc_rt_device_t device;
  void *cuda_context; // of the options
  int num_threads;
  int sms; // what `sms` in expressions is
  seqc_rt_verify_t verify;
  bool inspect_only;
};

#endif
