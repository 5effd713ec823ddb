// SPDX-License-Identifier: Apache-2.0
// Asks an opened package everything that runs no code. What a damaged package must survive; used by tests and the fuzzer.
#ifndef SEQC_RT_TEST_EXERCISE_H
#define SEQC_RT_TEST_EXERCISE_H

#include "seqc_rt/seqc_rt.h"
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { kExerciseTensors = 8, kExerciseRank = 32 };

/// A checksum over everything that was read, so that nothing is optimised away.
static inline uint64_t exercise_tensor(const seqc_rt_tensor_info_t *info, DLTensor *t, int64_t *shape, int64_t size) {
  uint64_t sum = strlen(info->name) + strlen(info->dtype_name);
  memset(t, 0, sizeof *t);
  t->dtype = info->dtype;
  t->ndim = info->rank;
  t->shape = shape;
  for (int32_t i = 0; i < info->rank; ++i) {
    sum += strlen(info->dims[i].text);
    shape[i] = info->dims[i].size >= 0 ? info->dims[i].size : size;
  }
  return sum;
}

static inline uint64_t exercise_function(const seqc_rt_function_t *fn) {
  static const int64_t kSizes[] = {0, 1, 7, 1000003, INT64_MAX};
  DLTensor tensors[2][kExerciseTensors], *pointers[2][kExerciseTensors];
  int64_t shapes[2][kExerciseTensors][kExerciseRank];
  int32_t in = seqc_rt_function_num_inputs(fn), out = seqc_rt_function_num_outputs(fn);
  uint64_t sum = strlen(seqc_rt_function_name(fn));
  for (int32_t i = 0; i < seqc_rt_function_num_dims(fn); ++i)
    sum += strlen(seqc_rt_function_dim_name(fn, i));
  for (int32_t i = 0; i < seqc_rt_function_num_states(fn); ++i)
    sum += (uint64_t)seqc_rt_function_state(fn, i)->input;
  if (in > kExerciseTensors || out > kExerciseTensors)
    return sum;
  for (size_t s = 0; s < sizeof kSizes / sizeof kSizes[0]; ++s) {
    for (int32_t i = 0; i < in; ++i) {
      sum += exercise_tensor(seqc_rt_function_input(fn, i), &tensors[0][i], shapes[0][i], kSizes[s]);
      pointers[0][i] = &tensors[0][i];
    }
    for (int32_t i = 0; i < out; ++i) {
      sum += exercise_tensor(seqc_rt_function_output(fn, i), &tensors[1][i], shapes[1][i], 0);
      pointers[1][i] = &tensors[1][i];
    }
    size_t bytes = 0;
    sum += seqc_rt_function_workspace_bytes(fn, pointers[0], in, &bytes) + bytes;
    sum += seqc_rt_function_infer_shapes(fn, pointers[0], in, pointers[1], out);
    sum += strlen(seqc_rt_last_error());
  }
  return sum;
}

static inline uint64_t exercise_package(const seqc_rt_package_t *pkg) {
  uint64_t sum = 0;
  for (int32_t i = 0; i < seqc_rt_package_num_functions(pkg); ++i) {
    const seqc_rt_function_t *fn;
    if (seqc_rt_package_function(pkg, i, &fn) == SEQC_RT_OK)
      sum += exercise_function(fn);
  }
  return sum;
}

#ifdef __cplusplus
}
#endif

#endif
