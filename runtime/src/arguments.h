// SPDX-License-Identifier: Apache-2.0
// Checks of the tensors of a call against the declarations of a function.
#ifndef SEQC_RT_ARGUMENTS_H
#define SEQC_RT_ARGUMENTS_H

#include "package.h"

// Solves the named dims from the inputs' shapes into dims[0..num_dims) and puts `sms` behind them; checks dtypes, ranks, all extents and
// the assumptions. Reads no data pointers. `dims` has room for SEQC_PACKAGE_MAX_DIM_NAMES + 1 values.
seqc_rt_status_t rt_arguments_solve(const seqc_rt_function_t *fn, DLTensor *const *inputs, int32_t num_inputs, int64_t *dims);
// Extents of a declared tensor for solved dims.
seqc_rt_status_t rt_arguments_shape(const rt_function_decl *fn, const rt_tensor_decl *decl, const int64_t *dims, int64_t *shape);
seqc_rt_status_t rt_arguments_check_count(const rt_function_decl *fn, const char *role, DLTensor *const *tensors, int32_t count, int32_t expected);
// Memory of all tensors: device, pointer, alignment, strides, and that outputs overlap nothing. Also dtype and shape of the outputs.
seqc_rt_status_t rt_arguments_check_memory(const seqc_rt_function_t *fn, DLTensor *const *inputs, DLTensor *const *outputs,
                                           const int64_t *dims);

enum { RT_DL_CUDA_MANAGED = 13 }; // kDLCUDAManaged of newer DLPack headers
bool rt_tensor_on_gpu(const DLTensor *t);
// Of a tensor that was checked.
size_t rt_tensor_bytes(const rt_tensor_decl *decl, const DLTensor *t);

static inline void *rt_tensor_data(const DLTensor *t) { return (char *)t->data + t->byte_offset; }

#endif
