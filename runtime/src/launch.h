// SPDX-License-Identifier: Apache-2.0
// What CPU and GPU calls share: choosing alternatives, binding arguments, grids.
#ifndef SEQC_RT_LAUNCH_H
#define SEQC_RT_LAUNCH_H

#include "package.h"

// A call whose arguments are checked. All addresses are those that kernels get.
typedef struct {
  const seqc_rt_function_t *fn;
  DLTensor *const *inputs, *const *outputs;
  const int64_t *dims; // solved, then sms
  char *workspace;
  int64_t workspace_bytes;
  seqc_rt_stream_t stream;
} rt_frame;

// Addresses and values of one launch's arguments; `values` holds index values, then `sms`: the scope of the kernel's grid.
typedef struct {
  const void *args[SEQC_PACKAGE_MAX_PARAMS]; // the address itself for pointers, where the value lies for indices (int64_t) and scalars
  int64_t values[SEQC_PACKAGE_MAX_PARAMS + 1];
  int num_values;
} rt_bound_args;

// Runs one kernel with bound arguments; `kernel` is its position in the manifest.
typedef seqc_rt_status_t (*rt_run_kernel)(const rt_frame *f, int32_t kernel, const rt_bound_args *bound);

// All launches of the plan in order: per launch the first alternative whose guard is not 0. Messages name function, launch and argument.
seqc_rt_status_t rt_run_launches(const rt_frame *f, rt_run_kernel run);
// SIZE_OVERFLOW for extents below 0.
seqc_rt_status_t rt_eval_grid(const rt_expr grid[3], const int64_t *values, int64_t extents[3]);

#endif
