// SPDX-License-Identifier: Apache-2.0
#include "arguments.h"
#include <stdio.h>
#include <string.h>

// Names one tensor of a call in messages: "main: input 0 'pixels'".
typedef struct {
  const rt_function_decl *fn;
  const char *role; // "input" or "output"
  int32_t index;
  const rt_tensor_decl *decl;
} subject;

#define MISMATCH(s, format, ...)                                                                                                           \
  rt_fail(SEQC_RT_TENSOR_MISMATCH, "%.80s: %s %d '%.80s': expects " format, (s)->fn->name, (s)->role, (s)->index, (s)->decl->info.name, __VA_ARGS__)

static const char *const kCodeNames[] = {"int", "uint", "float", "handle", "bfloat", "complex", "bool"};

static seqc_rt_status_t check_type(const subject *s, const DLTensor *t) {
  if (!rt_dtype_accepts(s->decl->dtype, t->dtype)) {
    const char *code = t->dtype.code < RT_COUNT(kCodeNames) ? kCodeNames[t->dtype.code] : "unknown";
    return MISMATCH(s, "dtype %s, but got %s%d (lanes %d)", s->decl->dtype->name, code, t->dtype.bits, t->dtype.lanes);
  }
  if (t->ndim != s->decl->info.rank)
    return MISMATCH(s, "rank %d, but got %d", s->decl->info.rank, t->ndim);
  if (t->ndim > 0 && !t->shape)
    return MISMATCH(s, "a shape of %d extents, but shape is NULL", t->ndim);
  for (int32_t i = 0; i < t->ndim; ++i)
    if (t->shape[i] < 0)
      return MISMATCH(s, "shape[%d] >= 0, but got %lld", i, (long long)t->shape[i]);
  return SEQC_RT_OK;
}

seqc_rt_status_t rt_arguments_check_count(const rt_function_decl *fn, const char *role, DLTensor *const *tensors, int32_t count, int32_t expected) {
  if (count != expected)
    return rt_fail(SEQC_RT_TENSOR_MISMATCH, "%.80s: expects %d %ss, but got %d", fn->name, expected, role, count);
  if (count && !tensors)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "%.80s: expects %d %ss, but the list is NULL", fn->name, expected, role);
  for (int32_t i = 0; i < count; ++i)
    if (!tensors[i])
      return rt_fail(SEQC_RT_INVALID_ARGUMENT, "%.80s: %s %d is NULL", fn->name, role, i);
  return SEQC_RT_OK;
}

// --- Named dims -----------------------------------------------------------------------------------------------------------------------

// Where dim `d` got its value: its first occurrence, in the order in which dims are solved.
static void find_source(const rt_function_decl *fn, int32_t d, int32_t *input, int32_t *axis) {
  for (*input = 0; *input < fn->num_inputs; ++*input)
    for (*axis = 0; *axis < fn->inputs[*input].info.rank; ++*axis)
      if (fn->inputs[*input].info.dims[*axis].dim_index == d)
        return;
}

static seqc_rt_status_t dim_mismatch(const subject *s, int32_t axis, int32_t d, int64_t value, int64_t actual) {
  int32_t input = 0, source = 0;
  find_source(s->fn, d, &input, &source);
  return MISMATCH(s, "shape[%d] = %s = %lld (from input %d '%.80s' shape[%d]), but got %lld", axis, s->fn->dims[d], (long long)value, input,
                  s->fn->inputs[input].info.name, source, (long long)actual);
}

// The first occurrence of a name gives its value; the others are checked by check_shape.
static void solve_input(const rt_tensor_decl *decl, const DLTensor *t, int64_t *dims) {
  for (int32_t i = 0; i < t->ndim; ++i) {
    int32_t d = decl->info.dims[i].dim_index;
    if (d >= 0 && dims[d] < 0)
      dims[d] = t->shape[i];
  }
}

static seqc_rt_status_t eval_extent(const rt_function_decl *fn, const rt_tensor_decl *decl, const int64_t *dims, int32_t axis, int64_t *out) {
  seqc_rt_status_t status = rt_expr_eval(&decl->shape[axis], dims, out);
  if (status != SEQC_RT_OK)
    return rt_prefix(status, "%.80s: '%.80s' shape[%d]", fn->name, decl->info.name, axis);
  if (*out < 0)
    return rt_fail(SEQC_RT_SIZE_OVERFLOW, "%.80s: '%.80s' shape[%d]: expects a size >= 0, but %s is %lld", fn->name, decl->info.name, axis,
                   decl->info.dims[axis].text, (long long)*out);
  return SEQC_RT_OK;
}

static seqc_rt_status_t check_shape(const subject *s, const DLTensor *t, const int64_t *dims) {
  for (int32_t i = 0; i < t->ndim; ++i) {
    int64_t expected;
    RT_TRY(eval_extent(s->fn, s->decl, dims, i, &expected));
    if (expected != t->shape[i] && s->decl->info.dims[i].dim_index >= 0)
      return dim_mismatch(s, i, s->decl->info.dims[i].dim_index, expected, t->shape[i]);
    if (expected != t->shape[i])
      return MISMATCH(s, "shape[%d] = %lld, but got %lld", i, (long long)expected, (long long)t->shape[i]);
  }
  return SEQC_RT_OK;
}

static seqc_rt_status_t check_assumptions(const rt_function_decl *fn, const int64_t *dims) {
  for (int i = 0; i < fn->num_assume; ++i) {
    int64_t holds;
    seqc_rt_status_t status = rt_expr_eval(&fn->assume[i], dims, &holds);
    if (status != SEQC_RT_OK)
      return rt_prefix(status, "%.80s: assumption %.200s", fn->name, fn->assume_text[i]);
    if (holds)
      continue;
    char values[300] = "";
    size_t used = 0;
    for (int d = 0; d < fn->num_dims && used < sizeof values; ++d)
      used += (size_t)snprintf(values + used, sizeof values - used, "%s%.40s = %lld", d ? ", " : "", fn->dims[d], (long long)dims[d]);
    return rt_fail(SEQC_RT_CONSTRAINT_VIOLATED, "%.80s: expects %.200s, but got %s; the graph needs this of its sizes",
                   fn->name, fn->assume_text[i], values);
  }
  return SEQC_RT_OK;
}

seqc_rt_status_t rt_arguments_solve(const seqc_rt_function_t *function, DLTensor *const *inputs, int32_t num_inputs, int64_t *dims) {
  const rt_function_decl *fn = function->decl;
  RT_TRY(rt_arguments_check_count(fn, "input", inputs, num_inputs, fn->num_inputs));
  for (int d = 0; d < fn->num_dims; ++d)
    dims[d] = -1;
  dims[fn->num_dims] = function->package->sms;
  for (int32_t i = 0; i < num_inputs; ++i) {
    subject s = {fn, "input", i, &fn->inputs[i]};
    RT_TRY(check_type(&s, inputs[i]));
    solve_input(s.decl, inputs[i], dims);
  }
  for (int32_t i = 0; i < num_inputs; ++i) {
    subject s = {fn, "input", i, &fn->inputs[i]};
    RT_TRY(check_shape(&s, inputs[i], dims));
  }
  return check_assumptions(fn, dims);
}

seqc_rt_status_t rt_arguments_shape(const rt_function_decl *fn, const rt_tensor_decl *decl, const int64_t *dims, int64_t *shape) {
  for (int32_t i = 0; i < decl->info.rank; ++i)
    RT_TRY(eval_extent(fn, decl, dims, i, &shape[i]));
  return SEQC_RT_OK;
}

// --- Memory ---------------------------------------------------------------------------------------------------------------------------

static seqc_rt_status_t tensor_bytes(const subject *s, const DLTensor *t, int64_t *bytes) {
  int64_t total = s->decl->dtype->bytes;
  bool empty = false;
  for (int32_t i = 0; i < t->ndim; ++i)
    empty |= t->shape[i] == 0;
  for (int32_t i = 0; i < t->ndim && !empty; ++i)
    if (!rt_mul_i64(total, t->shape[i], &total))
      return rt_fail(SEQC_RT_SIZE_OVERFLOW, "%.80s: %s %d '%.80s': its size in bytes does not fit", s->fn->name, s->role, s->index, s->decl->info.name);
  *bytes = empty ? 0 : total;
  return SEQC_RT_OK;
}

// Extents of 1 may have any stride, empty tensors any strides.
static seqc_rt_status_t check_strides(const subject *s, const DLTensor *t) {
  int64_t expected = 1;
  for (int32_t i = t->ndim - 1; i >= 0 && t->strides; --i) {
    if (t->shape[i] != 1 && t->strides[i] != expected)
      return MISMATCH(s, "a contiguous row-major tensor (strides[%d] = %lld), but got %lld; make a contiguous copy", i, (long long)expected,
                      (long long)t->strides[i]);
    expected *= t->shape[i];
  }
  return SEQC_RT_OK;
}

bool rt_tensor_on_gpu(const DLTensor *t) { return t->device.device_type == kDLCUDA || (int)t->device.device_type == RT_DL_CUDA_MANAGED; }

static seqc_rt_status_t check_device(const subject *s, const DLTensor *t, seqc_rt_device_t device) {
  if (t->device.device_type == kDLCPU || t->device.device_type == kDLCUDAHost)
    return SEQC_RT_OK;
  if (device.type == SEQC_RT_CPU)
    return MISMATCH(s, "a tensor in CPU memory, but its device type is %d", (int)t->device.device_type);
  if (!rt_tensor_on_gpu(t) || t->device.device_id != device.ordinal)
    return MISMATCH(s, "a tensor on cuda:%d or in CPU memory, but its device is {%d, %d}", (int)device.ordinal, (int)t->device.device_type,
                    (int)t->device.device_id);
  return SEQC_RT_OK;
}

static seqc_rt_status_t check_memory(const subject *s, const DLTensor *t, seqc_rt_device_t device, int64_t *bytes) {
  RT_TRY(check_device(s, t, device));
  RT_TRY(tensor_bytes(s, t, bytes));
  if (*bytes == 0)
    return SEQC_RT_OK;
  if (!t->data)
    return MISMATCH(s, "data of %lld bytes, but data is NULL", (long long)*bytes);
  uint64_t end;
  if (__builtin_add_overflow((uintptr_t)t->data, t->byte_offset, &end) || __builtin_add_overflow(end, (uint64_t)*bytes, &end))
    return MISMATCH(s, "byte_offset inside the address space, but got %llu", (unsigned long long)t->byte_offset);
  size_t misaligned = (uintptr_t)rt_tensor_data(t) % (size_t)s->decl->dtype->bytes;
  if (misaligned)
    return MISMATCH(s, "data + byte_offset aligned to %d bytes, but it is %zu bytes off", s->decl->dtype->bytes, misaligned);
  return check_strides(s, t);
}

static bool overlaps(const DLTensor *a, int64_t a_bytes, const DLTensor *b, int64_t b_bytes) {
  const char *x = rt_tensor_data(a), *y = rt_tensor_data(b);
  return a_bytes && b_bytes && x < y + b_bytes && y < x + a_bytes;
}

// Output `index` against all inputs and the outputs before it.
static seqc_rt_status_t check_overlap(const subject *s, const DLTensor *t, int64_t bytes, DLTensor *const *inputs, DLTensor *const *outputs) {
  for (int32_t j = 0; j < s->fn->num_inputs + s->index; ++j) {
    bool is_input = j < s->fn->num_inputs;
    int32_t k = is_input ? j : j - s->fn->num_inputs;
    subject other = {s->fn, is_input ? "input" : "output", k, is_input ? &s->fn->inputs[k] : &s->fn->outputs[k]};
    const DLTensor *u = is_input ? inputs[k] : outputs[k];
    int64_t other_bytes;
    RT_TRY(tensor_bytes(&other, u, &other_bytes));
    if (overlaps(t, bytes, u, other_bytes))
      return MISMATCH(s, "memory of its own, but it overlaps %s %d '%.80s'; pass separate buffers", other.role, k, other.decl->info.name);
  }
  return SEQC_RT_OK;
}

seqc_rt_status_t rt_arguments_check_memory(const seqc_rt_function_t *function, DLTensor *const *inputs, DLTensor *const *outputs,
                                           const int64_t *dims) {
  const rt_function_decl *fn = function->decl;
  seqc_rt_device_t device = function->package->device;
  int64_t bytes;
  for (int32_t i = 0; i < fn->num_inputs; ++i) {
    subject s = {fn, "input", i, &fn->inputs[i]};
    RT_TRY(check_memory(&s, inputs[i], device, &bytes));
  }
  for (int32_t i = 0; i < fn->num_outputs; ++i) {
    subject s = {fn, "output", i, &fn->outputs[i]};
    RT_TRY(check_type(&s, outputs[i]));
    RT_TRY(check_shape(&s, outputs[i], dims));
    RT_TRY(check_memory(&s, outputs[i], device, &bytes));
    RT_TRY(check_overlap(&s, outputs[i], bytes, inputs, outputs));
  }
  return SEQC_RT_OK;
}

size_t rt_tensor_bytes(const rt_tensor_decl *decl, const DLTensor *t) {
  size_t bytes = (size_t)decl->dtype->bytes;
  for (int32_t i = 0; i < t->ndim; ++i)
    bytes *= (size_t)t->shape[i];
  return bytes;
}
