// SPDX-License-Identifier: Apache-2.0
// A call on a GPU: device memory for workspace and host tensors, copies, launches. With device tensors and the caller's workspace it only
// launches, so it can be captured into a CUDA graph.
#include "arguments.h"
#include "gpu.h"
#include <string.h>

// --- Buffers --------------------------------------------------------------------------------------------------------------------------

static void free_buffer(const rt_cuda *cuda, rt_gpu_buffer *b) {
  if (b->event)
    cuda->EventDestroy(b->event);
  if (b->data)
    cuda->MemFree(b->data);
  rt_free(b);
}

static seqc_rt_status_t fill_buffer(const rt_cuda *cuda, rt_gpu_buffer *b, size_t bytes) {
  RT_CUDA_TRY(cuda, EventCreate, &b->event, CU_EVENT_NO_TIMING);
  RT_CUDA_TRY(cuda, MemAlloc, &b->data, bytes);
  b->bytes = bytes;
  return SEQC_RT_OK;
}

static seqc_rt_status_t new_buffer(const rt_cuda *cuda, size_t bytes, rt_gpu_buffer **out) {
  rt_gpu_buffer *b = rt_calloc(1, sizeof *b);
  if (!b)
    return rt_no_memory("a buffer");
  seqc_rt_status_t status = fill_buffer(cuda, b, bytes);
  if (status != SEQC_RT_OK)
    free_buffer(cuda, b);
  else
    *out = b;
  return status;
}

// Takes a kept buffer out of the list: best the one last used by this stream, else one whose last use is over. NULL if there is none;
// then *out_small is a kept buffer that is too small, to be replaced.
static rt_gpu_buffer *find_buffer(rt_gpu *gpu, size_t bytes, cu_stream stream, rt_gpu_buffer **out_small) {
  rt_gpu_buffer **best = NULL, **small = NULL;
  pthread_mutex_lock(&gpu->lock);
  for (rt_gpu_buffer **at = &gpu->buffers; *at; at = &(*at)->next) {
    bool same = (*at)->stream == stream;
    if (!same && gpu->cuda->EventQuery((*at)->event) != CU_SUCCESS)
      continue;
    if ((*at)->bytes < bytes)
      small = at;
    else if (!best || same)
      best = at;
  }
  rt_gpu_buffer **chosen = best ? best : small, *b = chosen ? *chosen : NULL;
  if (b)
    *chosen = b->next;
  pthread_mutex_unlock(&gpu->lock);
  *out_small = best ? NULL : b;
  return best ? b : NULL;
}

static void keep_buffer(rt_gpu *gpu, rt_gpu_buffer *b) {
  pthread_mutex_lock(&gpu->lock);
  b->next = gpu->buffers;
  gpu->buffers = b;
  pthread_mutex_unlock(&gpu->lock);
}

static seqc_rt_status_t take_buffer(rt_gpu *gpu, size_t bytes, cu_stream stream, rt_gpu_buffer **out) {
  rt_gpu_buffer *small, *b = find_buffer(gpu, bytes, stream, &small);
  if (small) { // cuMemFree waits for the work that uses it
    gpu->cuda->EventSynchronize(small->event);
    free_buffer(gpu->cuda, small);
  }
  if (!b)
    return new_buffer(gpu->cuda, bytes, out);
  cu_result result = gpu->cuda->StreamWaitEvent(stream, b->event, 0);
  if (result != CU_SUCCESS) {
    keep_buffer(gpu, b);
    return rt_cuda_fail(gpu->cuda, result, "cuStreamWaitEvent");
  }
  *out = b;
  return SEQC_RT_OK;
}

static seqc_rt_status_t give_buffer(rt_gpu *gpu, rt_gpu_buffer *b, cu_stream stream) {
  cu_result result = gpu->cuda->EventRecord(b->event, stream);
  if (result == CU_SUCCESS) {
    b->stream = stream;
    keep_buffer(gpu, b);
    return SEQC_RT_OK;
  }
  gpu->cuda->StreamSynchronize(stream);
  free_buffer(gpu->cuda, b);
  return rt_cuda_fail(gpu->cuda, result, "cuEventRecord");
}

// --- Launches -------------------------------------------------------------------------------------------------------------------------

static seqc_rt_status_t eval_extents(const rt_gpu_code *code, const int64_t *values, unsigned extents[3]) {
  static const int64_t kMost[3] = {INT32_MAX, 65535, 65535};
  int64_t wide[3];
  RT_TRY(rt_eval_grid(code->grid, values, wide));
  for (int i = 0; i < 3; ++i) {
    if (wide[i] > kMost[i] && wide[0] && wide[1] && wide[2])
      return rt_fail(SEQC_RT_SIZE_OVERFLOW, "expects a grid extent %c of at most %lld, but got %lld; use smaller sizes", "xyz"[i],
                     (long long)kMost[i], (long long)wide[i]);
    extents[i] = (unsigned)wide[i];
  }
  return SEQC_RT_OK;
}

// Where the driver reads each parameter.
static seqc_rt_status_t bind_params(const rt_kernel *k, const rt_gpu_code *code, const rt_bound_args *bound, void **params) {
  for (int i = 0; i < k->num_params; ++i) {
    if (k->params[i].kind == RT_PARAM_PTR) {
      size_t off = (uintptr_t)bound->args[i] % (size_t)code->align;
      if (off)
        return rt_fail(SEQC_RT_TENSOR_MISMATCH, "argument '%.60s': expects memory aligned to %d bytes, but it is %zu bytes off; make an aligned copy",
                       k->params[i].name, code->align, off);
      params[i] = (void *)&bound->args[i];
      continue;
    }
    params[i] = (void *)bound->args[i];
    int64_t value;
    if (k->params[i].kind == RT_PARAM_INDEX && code->param_bytes[i] == 4) {
      memcpy(&value, bound->args[i], sizeof value);
      if (value != (int32_t)value) // else its low four bytes are the value
        return rt_fail(SEQC_RT_SIZE_OVERFLOW, "argument '%.60s': expects a size of 32 bits, but got %lld; use smaller sizes", k->params[i].name,
                       (long long)value);
    }
  }
  return SEQC_RT_OK;
}

static seqc_rt_status_t launch(const rt_frame *f, const rt_kernel *k, const rt_gpu_kernel *kernel, const rt_bound_args *bound) {
  const rt_gpu_code *code = kernel->code;
  unsigned grid[3];
  void *params[SEQC_PACKAGE_MAX_PARAMS];
  RT_TRY(eval_extents(code, bound->values, grid));
  if (!grid[0] || !grid[1] || !grid[2])
    return SEQC_RT_OK;
  RT_TRY(bind_params(k, code, bound, params));
  RT_CUDA_TRY(f->fn->package->gpu->cuda, LaunchKernel, kernel->function, grid[0], grid[1], grid[2], (unsigned)code->block[0],
              (unsigned)code->block[1], (unsigned)code->block[2], (unsigned)code->shared_bytes, f->stream, params, NULL);
  return SEQC_RT_OK;
}

static seqc_rt_status_t run_on_gpu(const rt_frame *f, int32_t index, const rt_bound_args *bound) {
  const rt_kernel *k = &f->fn->package->manifest.kernels[index];
  const rt_gpu_kernel *kernel = &f->fn->package->gpu->kernels[index];
  if (!kernel->code)
    return rt_fail(SEQC_RT_UNSUPPORTED, "kernel '%.80s' has no code for %s; compile the package for this GPU", k->name, f->fn->package->gpu->target);
  seqc_rt_status_t status = launch(f, k, kernel, bound);
  return status == SEQC_RT_OK ? status : rt_prefix(status, "kernel '%.80s'", k->name);
}

// --- Host tensors ---------------------------------------------------------------------------------------------------------------------

enum { kStageAlign = 256 };
static size_t stage_bytes(size_t bytes) { return (bytes + kStageAlign - 1) & ~(size_t)(kStageAlign - 1); }

static const rt_tensor_decl *decl_at(const rt_function_decl *fn, int32_t i) {
  return i < fn->num_inputs ? &fn->inputs[i] : &fn->outputs[i - fn->num_inputs];
}
static DLTensor *tensor_at(const rt_frame *f, int32_t i) {
  int32_t n = f->fn->decl->num_inputs;
  return i < n ? f->inputs[i] : f->outputs[i - n];
}
static int32_t num_tensors(const rt_frame *f) { return f->fn->decl->num_inputs + f->fn->decl->num_outputs; }

// Device memory for all host tensors, added to *total. False if that does not fit.
static bool add_stage_bytes(const rt_frame *f, size_t *total) {
  for (int32_t i = 0; i < num_tensors(f); ++i)
    if (!rt_tensor_on_gpu(tensor_at(f, i)) &&
        __builtin_add_overflow(*total, stage_bytes(rt_tensor_bytes(decl_at(f->fn->decl, i), tensor_at(f, i))), total))
      return false;
  return true;
}

// Copies of host tensors on the device, in a list beside the caller's.
typedef struct {
  DLTensor *tensors;   // inputs, then outputs
  DLTensor **pointers; // to them
} staged;

static seqc_rt_status_t copy_in(const rt_frame *f, const staged *s) {
  const rt_cuda *cuda = f->fn->package->gpu->cuda;
  for (int32_t i = 0; i < f->fn->decl->num_inputs; ++i) {
    size_t bytes = rt_tensor_bytes(&f->fn->decl->inputs[i], f->inputs[i]);
    if (bytes && !rt_tensor_on_gpu(f->inputs[i]))
      RT_CUDA_TRY(cuda, MemcpyHtoDAsync, (uintptr_t)s->tensors[i].data, rt_tensor_data(f->inputs[i]), bytes, f->stream);
  }
  return SEQC_RT_OK;
}

static seqc_rt_status_t copy_out(const rt_frame *f, const staged *s) {
  const rt_cuda *cuda = f->fn->package->gpu->cuda;
  for (int32_t i = 0; i < f->fn->decl->num_outputs; ++i) {
    size_t bytes = rt_tensor_bytes(&f->fn->decl->outputs[i], f->outputs[i]);
    if (bytes && !rt_tensor_on_gpu(f->outputs[i]))
      RT_CUDA_TRY(cuda, MemcpyDtoHAsync, rt_tensor_data(f->outputs[i]), (uintptr_t)s->tensors[f->fn->decl->num_inputs + i].data, bytes, f->stream);
  }
  return SEQC_RT_OK;
}

static seqc_rt_status_t run_staged(const rt_frame *f, char *memory) {
  int32_t count = num_tensors(f), inputs = f->fn->decl->num_inputs;
  staged s = {.tensors = rt_calloc((size_t)count, sizeof(DLTensor) + sizeof(DLTensor *))};
  if (!s.tensors)
    return rt_no_memory("the list of tensors");
  s.pointers = (DLTensor **)(s.tensors + count);
  for (int32_t i = 0; i < count; ++i) {
    s.tensors[i] = *tensor_at(f, i);
    s.pointers[i] = &s.tensors[i];
    if (rt_tensor_on_gpu(tensor_at(f, i)))
      continue;
    s.tensors[i].data = memory;
    s.tensors[i].byte_offset = 0;
    memory += stage_bytes(rt_tensor_bytes(decl_at(f->fn->decl, i), tensor_at(f, i)));
  }
  rt_frame on_device = *f;
  on_device.inputs = s.pointers;
  on_device.outputs = s.pointers + inputs;
  seqc_rt_status_t status = copy_in(f, &s);
  if (status == SEQC_RT_OK)
    status = rt_run_launches(&on_device, run_on_gpu);
  if (status == SEQC_RT_OK)
    status = copy_out(f, &s);
  // Also after a failure: copies of pinned memory may still run.
  cu_result result = f->fn->package->gpu->cuda->StreamSynchronize(f->stream);
  if (status == SEQC_RT_OK && result != CU_SUCCESS)
    status = rt_cuda_fail(f->fn->package->gpu->cuda, result, "cuStreamSynchronize");
  rt_free(s.tensors);
  return status;
}

// --- The call -------------------------------------------------------------------------------------------------------------------------

static seqc_rt_status_t check_not_capturing(const rt_frame *f, bool has_host) {
  int capturing = 0;
  RT_CUDA_TRY(f->fn->package->gpu->cuda, StreamIsCapturing, f->stream, &capturing);
  if (capturing)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "%.80s: stream: it is being captured, so this call needs %s", f->fn->decl->name,
                   has_host ? "all tensors in device memory" : "a workspace of the caller's");
  return SEQC_RT_OK;
}

static seqc_rt_status_t run(rt_frame *f) {
  rt_gpu *gpu = f->fn->package->gpu;
  size_t own = f->workspace ? 0 : stage_bytes((size_t)f->workspace_bytes), total = own;
  bool fits = add_stage_bytes(f, &total), stage = total != own;
  if (total == 0)
    return rt_run_launches(f, run_on_gpu);
  if (!fits)
    return rt_fail(SEQC_RT_SIZE_OVERFLOW, "%.80s: the device memory of a call does not fit", f->fn->decl->name);
  RT_TRY(check_not_capturing(f, stage));
  rt_gpu_buffer *b = NULL;
  seqc_rt_status_t status = take_buffer(gpu, total, f->stream, &b);
  if (status != SEQC_RT_OK)
    return rt_prefix(status, "%.80s: %zu bytes of device memory", f->fn->decl->name, total);
  char *memory = (char *)(uintptr_t)b->data;
  if (own)
    f->workspace = memory;
  status = stage ? run_staged(f, memory + own) : rt_run_launches(f, run_on_gpu);
  seqc_rt_status_t given = give_buffer(gpu, b, f->stream);
  return status == SEQC_RT_OK ? given : status;
}

seqc_rt_status_t rt_gpu_call(rt_frame *f) {
  bool pushed;
  RT_TRY(rt_gpu_enter(f->fn->package->gpu, &pushed));
  seqc_rt_status_t status = run(f);
  rt_gpu_leave(f->fn->package->gpu, pushed);
  return status;
}
