// SPDX-License-Identifier: Apache-2.0
// A safetensors file in memory: checked table of contents.
#ifndef SEQC_RT_SAFETENSORS_H
#define SEQC_RT_SAFETENSORS_H

#include "json.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  const char *name;  // in the arena
  const char *dtype; // safetensors name, in the arena
  int rank;
  const int64_t *shape;
  const uint8_t *data; // any alignment
  size_t bytes;
} rt_stored_tensor;

typedef struct {
  rt_stored_tensor *tensors; // sorted by name
  int count;
} rt_safetensors;

// BAD_PACKAGE unless header, dtypes, shapes and offsets are consistent, inside the file, and no tensors overlap. `what` names the file.
seqc_rt_status_t rt_safetensors_read(const uint8_t *data, size_t size, const char *what, rt_arena *arena, rt_safetensors *out);
const rt_stored_tensor *rt_safetensors_find(const rt_safetensors *file, const char *name);

#ifdef __cplusplus
}
#endif

#endif
