// SPDX-License-Identifier: Apache-2.0
// Facts of devices; memory, streams and events of a package's device, CPU or GPU.
#define _GNU_SOURCE
#include "gpu.h"
#include "package.h"
#include <string.h>
#include <time.h>

// --- Devices --------------------------------------------------------------------------------------------------------------------------

seqc_rt_status_t seqc_rt_device_count(seqc_rt_device_type_t type, int32_t *out_count) {
  if (!out_count || (type != SEQC_RT_CPU && type != SEQC_RT_CUDA))
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "seqc_rt_device_count: expects a device type and out_count, but got %d and %p", (int)type,
                   (void *)out_count);
  *out_count = type == SEQC_RT_CPU;
  if (type == SEQC_RT_CPU)
    return SEQC_RT_OK;
  const rt_cuda *cuda;
  int count = 0;
  RT_TRY(rt_cuda_get(&cuda));
  RT_CUDA_TRY(cuda, DeviceGetCount, &count);
  *out_count = count;
  return SEQC_RT_OK;
}

static seqc_rt_status_t gpu_info(int32_t ordinal, seqc_rt_device_info_t *out) {
  const rt_cuda *cuda;
  rt_gpu_facts facts;
  size_t bytes;
  RT_TRY(rt_cuda_get(&cuda));
  RT_TRY(rt_cuda_facts(cuda, ordinal, &facts));
  RT_CUDA_TRY(cuda, DeviceTotalMem, &bytes, facts.device);
  memcpy(out->name, facts.name, sizeof out->name);
  out->compute_major = facts.sm / 10;
  out->compute_minor = facts.sm % 10;
  out->driver_major = facts.driver_version / 1000;
  out->driver_minor = facts.driver_version % 1000 / 10;
  out->multiprocessors = facts.multiprocessors;
  out->shared_bytes = facts.shared_bytes;
  out->memory_bytes = bytes;
  return SEQC_RT_OK;
}

seqc_rt_status_t seqc_rt_device_info(seqc_rt_device_t device, seqc_rt_device_info_t *out_info) {
  if (!out_info || out_info->struct_size < sizeof *out_info)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "seqc_rt_device_info: expects out_info with struct_size %zu", sizeof *out_info);
  size_t size = out_info->struct_size;
  *out_info = (seqc_rt_device_info_t){.struct_size = size, .name = "cpu"};
  if (device.type == SEQC_RT_CUDA)
    return gpu_info(device.ordinal, out_info);
  return device.type == SEQC_RT_CPU && device.ordinal == 0
             ? SEQC_RT_OK
             : rt_fail(SEQC_RT_INVALID_ARGUMENT, "device: expects {SEQC_RT_CPU, 0} or {SEQC_RT_CUDA, N}, but got {%d, %d}", (int)device.type,
                       (int)device.ordinal);
}

seqc_rt_device_t seqc_rt_package_device(const seqc_rt_package_t *pkg) { return pkg ? pkg->device : (seqc_rt_device_t){SEQC_RT_CPU, 0}; }

// --- Memory ---------------------------------------------------------------------------------------------------------------------------

static seqc_rt_status_t check(const seqc_rt_package_t *pkg, bool good, const char *function) {
  if (!pkg || !good)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "%s: expects a package and pointers, but got NULL", function);
  if (pkg->inspect_only)
    return rt_fail(SEQC_RT_UNSUPPORTED, "%s: the package was opened with inspect_only", function);
  return SEQC_RT_OK;
}

// Runs driver calls with the package's context: `action` is one expression of seqc_rt_status_t.
#define IN_CONTEXT(gpu, action)                                                                                                                      \
  do {                                                                                                                                               \
    bool in_context_pushed;                                                                                                                          \
    RT_TRY(rt_gpu_enter(gpu, &in_context_pushed));                                                                                                   \
    seqc_rt_status_t in_context_status = (action);                                                                                                   \
    rt_gpu_leave(gpu, in_context_pushed);                                                                                                            \
    return in_context_status;                                                                                                                        \
  } while (0)

static seqc_rt_status_t done(const rt_gpu *gpu, cu_result result, const char *call) {
  return result == CU_SUCCESS ? SEQC_RT_OK : rt_cuda_fail(gpu->cuda, result, call);
}

static seqc_rt_status_t gpu_alloc(const rt_gpu *gpu, size_t bytes, void **out) {
  cu_ptr pointer = 0;
  cu_result result = gpu->cuda->MemAlloc(&pointer, bytes ? bytes : 1);
  *out = result == CU_SUCCESS ? (void *)(uintptr_t)pointer : NULL;
  return done(gpu, result, "cuMemAlloc");
}

seqc_rt_status_t seqc_rt_memory_alloc(const seqc_rt_package_t *pkg, size_t bytes, void **out_pointer) {
  RT_TRY(check(pkg, out_pointer, "seqc_rt_memory_alloc"));
  *out_pointer = NULL;
  if (pkg->gpu)
    IN_CONTEXT(pkg->gpu, gpu_alloc(pkg->gpu, bytes, out_pointer));
  *out_pointer = rt_aligned_alloc(bytes);
  return *out_pointer ? SEQC_RT_OK : rt_no_memory("a tensor");
}

void seqc_rt_memory_free(const seqc_rt_package_t *pkg, void *pointer) {
  bool pushed;
  if (!pkg || !pointer)
    return;
  if (!pkg->gpu) {
    rt_free(pointer);
    return;
  }
  if (rt_gpu_enter(pkg->gpu, &pushed) != SEQC_RT_OK)
    pushed = false; // the driver finds the context by the address
  pkg->gpu->cuda->MemFree((uintptr_t)pointer);
  rt_gpu_leave(pkg->gpu, pushed);
}

static seqc_rt_status_t gpu_copy(const rt_gpu *gpu, void *to, const void *from, size_t bytes, seqc_rt_copy_t kind, cu_stream stream) {
  if (kind == SEQC_RT_TO_DEVICE)
    RT_CUDA_TRY(gpu->cuda, MemcpyHtoDAsync, (uintptr_t)to, from, bytes, stream);
  else if (kind == SEQC_RT_TO_HOST)
    RT_CUDA_TRY(gpu->cuda, MemcpyDtoHAsync, to, (uintptr_t)from, bytes, stream);
  else
    RT_CUDA_TRY(gpu->cuda, MemcpyDtoDAsync, (uintptr_t)to, (uintptr_t)from, bytes, stream);
  return kind == SEQC_RT_ON_DEVICE ? SEQC_RT_OK : done(gpu, gpu->cuda->StreamSynchronize(stream), "cuStreamSynchronize");
}

static seqc_rt_status_t check_stream(const seqc_rt_package_t *pkg, seqc_rt_stream_t stream) {
  return pkg->gpu || !stream ? SEQC_RT_OK : rt_fail(SEQC_RT_INVALID_ARGUMENT, "stream: expects NULL on the CPU");
}

seqc_rt_status_t seqc_rt_memory_copy(const seqc_rt_package_t *pkg, void *to, const void *from, size_t bytes, seqc_rt_copy_t kind,
                                     seqc_rt_stream_t stream) {
  RT_TRY(check(pkg, (to && from) || !bytes, "seqc_rt_memory_copy"));
  if ((unsigned)kind > SEQC_RT_ON_DEVICE)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "seqc_rt_memory_copy: expects a kind from 0 to %d, but got %d", SEQC_RT_ON_DEVICE, (int)kind);
  RT_TRY(check_stream(pkg, stream));
  if (!bytes)
    return SEQC_RT_OK;
  if (pkg->gpu)
    IN_CONTEXT(pkg->gpu, gpu_copy(pkg->gpu, to, from, bytes, kind, stream));
  memmove(to, from, bytes);
  return SEQC_RT_OK;
}

// --- Streams --------------------------------------------------------------------------------------------------------------------------

seqc_rt_status_t seqc_rt_stream_create(const seqc_rt_package_t *pkg, seqc_rt_stream_t *out_stream) {
  RT_TRY(check(pkg, out_stream, "seqc_rt_stream_create"));
  *out_stream = NULL;
  if (pkg->gpu)
    IN_CONTEXT(pkg->gpu, done(pkg->gpu, pkg->gpu->cuda->StreamCreate(out_stream, CU_STREAM_NON_BLOCKING), "cuStreamCreate"));
  return SEQC_RT_OK;
}

void seqc_rt_stream_destroy(const seqc_rt_package_t *pkg, seqc_rt_stream_t stream) {
  if (pkg && pkg->gpu && stream)
    pkg->gpu->cuda->StreamDestroy(stream);
}

seqc_rt_status_t seqc_rt_stream_synchronize(const seqc_rt_package_t *pkg, seqc_rt_stream_t stream) {
  RT_TRY(check(pkg, true, "seqc_rt_stream_synchronize"));
  RT_TRY(check_stream(pkg, stream));
  if (pkg->gpu)
    IN_CONTEXT(pkg->gpu, done(pkg->gpu, pkg->gpu->cuda->StreamSynchronize(stream), "cuStreamSynchronize"));
  return SEQC_RT_OK;
}

// --- Events ---------------------------------------------------------------------------------------------------------------------------

struct seqc_rt_event {
  cu_event event;       // on a GPU
  struct timespec time; // on the CPU
};

seqc_rt_status_t seqc_rt_event_create(const seqc_rt_package_t *pkg, seqc_rt_event_t **out_event) {
  RT_TRY(check(pkg, out_event, "seqc_rt_event_create"));
  *out_event = NULL;
  struct seqc_rt_event *e = rt_calloc(1, sizeof *e);
  if (!e)
    return rt_no_memory("an event");
  bool pushed;
  seqc_rt_status_t status = pkg->gpu ? rt_gpu_enter(pkg->gpu, &pushed) : SEQC_RT_OK;
  if (status == SEQC_RT_OK && pkg->gpu) {
    status = done(pkg->gpu, pkg->gpu->cuda->EventCreate(&e->event, CU_EVENT_DEFAULT), "cuEventCreate");
    rt_gpu_leave(pkg->gpu, pushed);
  }
  if (status == SEQC_RT_OK)
    *out_event = e;
  else
    rt_free(e);
  return status;
}

void seqc_rt_event_destroy(const seqc_rt_package_t *pkg, seqc_rt_event_t *event) {
  if (pkg && event && pkg->gpu)
    pkg->gpu->cuda->EventDestroy(event->event);
  rt_free(event);
}

seqc_rt_status_t seqc_rt_event_record(const seqc_rt_package_t *pkg, seqc_rt_event_t *event, seqc_rt_stream_t stream) {
  RT_TRY(check(pkg, event, "seqc_rt_event_record"));
  RT_TRY(check_stream(pkg, stream));
  if (pkg->gpu)
    IN_CONTEXT(pkg->gpu, done(pkg->gpu, pkg->gpu->cuda->EventRecord(event->event, stream), "cuEventRecord"));
  clock_gettime(CLOCK_MONOTONIC, &event->time);
  return SEQC_RT_OK;
}

static seqc_rt_status_t gpu_elapsed(const rt_gpu *gpu, cu_event from, cu_event to, double *out) {
  float milliseconds = 0;
  RT_CUDA_TRY(gpu->cuda, EventSynchronize, to);
  RT_CUDA_TRY(gpu->cuda, EventElapsedTime, &milliseconds, from, to);
  *out = (double)milliseconds;
  return SEQC_RT_OK;
}

seqc_rt_status_t seqc_rt_event_elapsed(const seqc_rt_package_t *pkg, seqc_rt_event_t *from, seqc_rt_event_t *to, double *out_milliseconds) {
  RT_TRY(check(pkg, from && to && out_milliseconds, "seqc_rt_event_elapsed"));
  if (pkg->gpu)
    IN_CONTEXT(pkg->gpu, gpu_elapsed(pkg->gpu, from->event, to->event, out_milliseconds));
  *out_milliseconds = (double)(to->time.tv_sec - from->time.tv_sec) * 1e3 + (double)(to->time.tv_nsec - from->time.tv_nsec) * 1e-6;
  return SEQC_RT_OK;
}
