// SPDX-License-Identifier: Apache-2.0
// Opening and closing a package on a GPU.
#include "gpu.h"
#include "package.h"
#include <stdio.h>
#include <string.h>

// --- Context --------------------------------------------------------------------------------------------------------------------------

seqc_rt_status_t rt_gpu_enter(const rt_gpu *gpu, bool *pushed) {
  cu_context current = NULL;
  *pushed = false;
  RT_CUDA_TRY(gpu->cuda, CtxGetCurrent, &current);
  if (current == gpu->context)
    return SEQC_RT_OK;
  RT_CUDA_TRY(gpu->cuda, CtxPushCurrent, gpu->context);
  *pushed = true;
  return SEQC_RT_OK;
}

void rt_gpu_leave(const rt_gpu *gpu, bool pushed) {
  cu_context popped;
  if (pushed)
    gpu->cuda->CtxPopCurrent(&popped);
}

static seqc_rt_status_t find_context(rt_gpu *gpu, void *given) {
  if (!given) {
    RT_CUDA_TRY(gpu->cuda, PrimaryCtxRetain, &gpu->context, gpu->facts.device);
    gpu->retained = true;
    return SEQC_RT_OK;
  }
  gpu->context = given;
  bool pushed;
  cu_device device = -1;
  RT_TRY(rt_gpu_enter(gpu, &pushed));
  cu_result result = gpu->cuda->CtxGetDevice(&device);
  rt_gpu_leave(gpu, pushed);
  if (result != CU_SUCCESS)
    return rt_cuda_fail(gpu->cuda, result, "cuCtxGetDevice");
  if (device != gpu->facts.device)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "cuda_context: expects a context of device %d, but it is of device %d", gpu->facts.device, device);
  return SEQC_RT_OK;
}

// --- Code -----------------------------------------------------------------------------------------------------------------------------

// "sm_90a, sm_100a": the targets of all kernels, each once.
static void list_targets(const rt_manifest *m, char *text, size_t size) {
  size_t used = 0;
  text[0] = 0;
  for (int i = 0; i < m->num_kernels; ++i)
    for (int j = 0; j < m->kernels[i].num_gpu && used + 1 < size; ++j) {
      const char *name = m->kernels[i].gpu[j].target_name;
      char item[32];
      snprintf(item, sizeof item, "%s%.20s", used ? ", " : "", name);
      if (strstr(text, name))
        continue;
      int n = snprintf(text + used, size - used, "%s", item);
      used += n > 0 ? (size_t)n : 0;
    }
}

static seqc_rt_status_t choose_target(seqc_rt_package_t *pkg) {
  const rt_manifest *m = &pkg->manifest;
  rt_gpu *gpu = pkg->gpu;
  gpu->target = rt_gpu_target(m, gpu->facts.sm);
  char known[200];
  list_targets(m, known, sizeof known);
  if (!known[0] && m->num_kernels)
    return rt_fail(SEQC_RT_UNSUPPORTED, "the package has no GPU code; compile it with --target=sm_%d%s", gpu->facts.sm,
                   gpu->facts.sm == 90 ? "a" : "");
  if (!gpu->target && m->num_kernels)
    return rt_fail(SEQC_RT_DEVICE_ERROR, "the package has code for %s, but %s is sm_%d; compile it for this GPU", known, gpu->facts.name,
                   gpu->facts.sm);
  for (int i = 0; i < m->num_functions && gpu->target; ++i)
    pkg->functions[i].plan = rt_function_plan(&m->functions[i], gpu->target);
  return SEQC_RT_OK;
}

static seqc_rt_status_t load_kernel(const seqc_rt_package_t *pkg, const rt_kernel *k, rt_gpu_kernel *out) {
  rt_gpu *gpu = pkg->gpu;
  bool use_ptx = false;
  const rt_gpu_code *code = rt_gpu_select(k, gpu->target, gpu->facts.sm, &use_ptx);
  if (!code) // the kernel may be of a plan for another target: launching it fails, not loading
    return SEQC_RT_OK;
  const rt_member *member = rt_archive_find(&pkg->archive, use_ptx ? code->ptx : code->cubin);
  cu_module *module = &gpu->modules[member - pkg->archive.members];
  if (!*module)
    RT_TRY(rt_gpu_load_module(gpu, member, code, use_ptx, module));
  RT_TRY(rt_gpu_load_function(gpu, *module, k, code, &out->function));
  out->code = code;
  return SEQC_RT_OK;
}

static seqc_rt_status_t load_kernels(seqc_rt_package_t *pkg) {
  const rt_manifest *m = &pkg->manifest;
  rt_gpu *gpu = pkg->gpu;
  RT_TRY(choose_target(pkg));
  gpu->num_modules = pkg->archive.count;
  gpu->modules = rt_arena_alloc(&pkg->arena, (size_t)gpu->num_modules, sizeof *gpu->modules);
  gpu->kernels = rt_arena_alloc(&pkg->arena, (size_t)m->num_kernels, sizeof *gpu->kernels);
  if (!gpu->modules || !gpu->kernels)
    return rt_no_memory("the table of kernels");
  for (int i = 0; i < m->num_kernels; ++i)
    RT_TRY(load_kernel(pkg, &m->kernels[i], &gpu->kernels[i]));
  return SEQC_RT_OK;
}

// --- Weights --------------------------------------------------------------------------------------------------------------------------

enum { kWeightAlign = 256 };

static size_t weight_bytes(const rt_weight *w) { // the file holds them, so it fits
  size_t bytes = (size_t)w->dtype->bytes;
  for (int i = 0; i < w->rank; ++i)
    bytes *= (size_t)w->shape[i];
  return bytes;
}

static size_t aligned(size_t bytes) { return (bytes + kWeightAlign - 1) & ~(size_t)(kWeightAlign - 1); }

static seqc_rt_status_t upload_weights(seqc_rt_package_t *pkg) {
  const rt_manifest *m = &pkg->manifest;
  rt_gpu *gpu = pkg->gpu;
  size_t total = 0;
  for (int i = 0; i < m->num_weights; ++i)
    total += aligned(weight_bytes(&m->weights[i]));
  if (total == 0)
    return SEQC_RT_OK;
  RT_CUDA_TRY(gpu->cuda, MemAlloc, &gpu->weights, total);
  cu_ptr at = gpu->weights;
  for (int i = 0; i < m->num_weights; ++i) {
    size_t bytes = weight_bytes(&m->weights[i]);
    if (bytes)
      RT_CUDA_TRY(gpu->cuda, MemcpyHtoDAsync, at, pkg->weights[i], bytes, NULL);
    pkg->weights[i] = (const void *)(uintptr_t)at;
    at += aligned(bytes);
  }
  RT_CUDA_TRY(gpu->cuda, StreamSynchronize, NULL);
  return SEQC_RT_OK;
}

// --- Open and close -------------------------------------------------------------------------------------------------------------------

static seqc_rt_status_t load_all(seqc_rt_package_t *pkg) {
  RT_TRY(load_kernels(pkg));
  seqc_rt_status_t status = upload_weights(pkg);
  return status == SEQC_RT_OK ? status : rt_prefix(status, "weights");
}

seqc_rt_status_t rt_gpu_open(seqc_rt_package_t *pkg) {
  const rt_cuda *cuda;
  RT_TRY(rt_cuda_get(&cuda));
  rt_gpu *gpu = rt_calloc(1, sizeof *gpu);
  if (!gpu)
    return rt_no_memory("the GPU's state");
  gpu->cuda = cuda;
  if (pthread_mutex_init(&gpu->lock, NULL)) {
    rt_free(gpu);
    return rt_no_memory("a lock");
  }
  pkg->gpu = gpu;
  RT_TRY(rt_cuda_facts(cuda, pkg->device.ordinal, &gpu->facts));
  pkg->sms = gpu->facts.multiprocessors;
  RT_TRY(find_context(gpu, pkg->cuda_context));
  bool pushed;
  RT_TRY(rt_gpu_enter(gpu, &pushed));
  seqc_rt_status_t status = load_all(pkg);
  rt_gpu_leave(gpu, pushed);
  return status;
}

static void free_all(rt_gpu *gpu) {
  const rt_cuda *cuda = gpu->cuda;
  if (gpu->buffers || gpu->weights || gpu->modules)
    cuda->CtxSynchronize(); // kernels may still run
  while (gpu->buffers) {
    rt_gpu_buffer *next = gpu->buffers->next;
    cuda->EventDestroy(gpu->buffers->event);
    cuda->MemFree(gpu->buffers->data);
    rt_free(gpu->buffers);
    gpu->buffers = next;
  }
  for (int i = 0; gpu->modules && i < gpu->num_modules; ++i)
    if (gpu->modules[i])
      cuda->ModuleUnload(gpu->modules[i]);
  if (gpu->weights)
    cuda->MemFree(gpu->weights);
}

// The driver may report failures of earlier work here; what it was told to free is gone all the same.
void rt_gpu_close(rt_gpu *gpu) {
  if (!gpu)
    return;
  if (gpu->context) {
    cu_context current = NULL, popped;
    gpu->cuda->CtxGetCurrent(&current);
    bool pushed = current != gpu->context && gpu->cuda->CtxPushCurrent(gpu->context) == CU_SUCCESS;
    free_all(gpu);
    if (pushed)
      gpu->cuda->CtxPopCurrent(&popped);
  }
  if (gpu->retained)
    gpu->cuda->PrimaryCtxRelease(gpu->facts.device);
  pthread_mutex_destroy(&gpu->lock);
  rt_free(gpu);
}
