// SPDX-License-Identifier: Apache-2.0
// The fake driver. Modules are images that contain lines `// entry NAME SIZE.. ` (sizes of the parameters), behind an ELF header or as PTX
// comments. Launches run at once: test_add and test_scale of test_kernels.c; anything else is only recorded.
#include "fake_cuda.h"
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API __attribute__((visibility("default")))
typedef int result;
enum { OK = 0, INVALID_VALUE = 1, NO_MEMORY = 2, NO_DEVICE = 100, INVALID_DEVICE = 101, INVALID_CONTEXT = 201, NOT_FOUND = 500,
       INVALID_HANDLE = 400, NOT_READY = 600, ILLEGAL_ADDRESS = 700, CAPTURE_UNSUPPORTED = 900 };
enum { kMaxParams = 32, kMaxDevices = 8 };

typedef struct object { // anything alive
  struct object *next;
  enum { ALLOCATION, MODULE, FUNCTION, STREAM, EVENT, GRAPH, EXEC } kind;
  size_t bytes;
  void *data;
  struct object *module;
  char name[64];
  int sizes[kMaxParams], num_sizes, dynamic_shared, recorded, context;
} object;

typedef struct { // of a graph: object.data is an array of them, object.recorded their number
  object *function;
  int64_t threads;
  uint64_t values[kMaxParams];
} node;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static fake_cuda_config config;
static object *objects;
static int retained[kMaxDevices], fail_at = -1, fail_result, calls, allocations, launches, sticky, capturing;
static const char *failed_name;
static size_t used_bytes;
static void *captured;
static node *nodes; // of the capture
static int num_nodes;
static fake_cuda_launch last;
static _Thread_local int stack[16], depth; // current contexts: device + 1

// --- Controls -------------------------------------------------------------------------------------------------------------------------

API fake_cuda_config *fake_cuda(void) { return &config; }
API void fake_cuda_reset(void) {
  config = (fake_cuda_config){1, 9, 0, 13000, 132, 232448, (size_t)1 << 30, 0, 0, 0};
  fail_at = -1;
  free(nodes);
  nodes = NULL;
  calls = launches = sticky = capturing = num_nodes = 0;
  failed_name = NULL;
}
API void fake_cuda_fail(int index, int r) {
  calls = 0;
  failed_name = NULL;
  fail_at = index;
  fail_result = r;
}
API int fake_cuda_calls(void) { return calls; }
API const char *fake_cuda_failed(void) { return failed_name; }
API int fake_cuda_allocations(void) { return allocations; }
API int fake_cuda_num_launches(void) { return launches; }
API fake_cuda_launch fake_cuda_last_launch(void) { return last; }
API void fake_cuda_capture(void *stream, int on) {
  captured = stream;
  capturing = on;
}
API int fake_cuda_alive(void) {
  int n = 0;
  for (object *o = objects; o; o = o->next)
    n += o->kind != FUNCTION;
  for (int i = 0; i < kMaxDevices; ++i)
    n += retained[i];
  return n;
}

__attribute__((constructor)) static void start(void) { fake_cuda_reset(); }

// --- Frame of every call --------------------------------------------------------------------------------------------------------------

static result enter(const char *name) {
  pthread_mutex_lock(&lock);
  int index = calls++;
  if (index == fail_at) {
    failed_name = name;
    return fail_result;
  }
  return sticky;
}
static result leave(result r) {
  pthread_mutex_unlock(&lock);
  return r;
}
#define ENTER                                                                                                                              \
  do {                                                                                                                                     \
    result entered = enter(__func__);                                                                                                      \
    if (entered)                                                                                                                           \
      return leave(entered);                                                                                                               \
  } while (0)
#define NEED(condition, r)                                                                                                                 \
  do {                                                                                                                                     \
    if (!(condition))                                                                                                                      \
      return leave(r);                                                                                                                     \
  } while (0)
#define NEED_CONTEXT NEED(depth > 0, INVALID_CONTEXT)

static object *add(int kind, size_t bytes) {
  object *o = calloc(1, sizeof *o);
  o->kind = kind;
  o->bytes = bytes;
  o->data = kind == ALLOCATION ? aligned_alloc(256, (bytes + 255) / 256 * 256) : NULL;
  o->context = depth ? stack[depth - 1] : 0;
  o->next = objects;
  return objects = o;
}
static object *find(const void *handle, int kind) {
  for (object *o = objects; o; o = o->next)
    if (o->kind == (unsigned)kind && (kind == ALLOCATION ? o->data : (void *)o) == handle)
      return o;
  return NULL;
}
static void drop(object *o) {
  object **at = &objects;
  while (*at != o)
    at = &(*at)->next;
  *at = o->next;
  if (o->kind == ALLOCATION)
    used_bytes -= o->bytes;
  free(o->data);
  free(o);
}
// Destroys even if the call reports a failure of earlier work, as the driver does.
static result destroy(const char *name, const void *handle, int kind) {
  result entered = enter(name);
  object *o = find(handle, kind);
  if (o)
    drop(o);
  return leave(entered ? entered : o ? OK : kind == ALLOCATION ? INVALID_VALUE : INVALID_HANDLE);
}
static int on_device(uint64_t pointer, size_t bytes) {
  for (object *o = objects; o; o = o->next)
    if (o->kind == ALLOCATION && pointer >= (uintptr_t)o->data && pointer + bytes <= (uintptr_t)o->data + o->bytes)
      return 1;
  return 0;
}

// --- Devices and contexts -------------------------------------------------------------------------------------------------------------

API result cuInit(unsigned flags) {
  ENTER;
  return leave(flags ? INVALID_VALUE : config.init_result);
}
API result cuDriverGetVersion(int *version) {
  ENTER;
  *version = config.driver_version;
  return leave(OK);
}
API result cuDeviceGetCount(int *count) {
  ENTER;
  *count = config.devices;
  return leave(OK);
}
API result cuDeviceGet(int *device, int ordinal) {
  ENTER;
  NEED(ordinal >= 0 && ordinal < config.devices, INVALID_DEVICE);
  *device = ordinal;
  return leave(OK);
}
API result cuDeviceGetName(char *name, int bytes, int device) {
  ENTER;
  snprintf(name, (size_t)bytes, "Fake GPU %d", device);
  return leave(OK);
}
API result cuDeviceGetAttribute(int *value, int attribute, int device) {
  ENTER;
  (void)device;
  *value = attribute == 75 ? config.major : attribute == 76 ? config.minor : attribute == 16 ? config.multiprocessors : config.shared_bytes;
  return leave(OK);
}
API result cuDeviceTotalMem_v2(size_t *bytes, int device) {
  ENTER;
  (void)device;
  *bytes = config.memory_bytes;
  return leave(OK);
}
API result cuDevicePrimaryCtxRetain(void **context, int device) {
  ENTER;
  ++retained[device];
  *context = (void *)(uintptr_t)(device + 1);
  return leave(OK);
}
API result cuDevicePrimaryCtxRelease_v2(int device) {
  result r = enter(__func__);
  --retained[device];
  return leave(r);
}
API result cuCtxGetCurrent(void **context) {
  ENTER;
  *context = (void *)(uintptr_t)(depth ? stack[depth - 1] : 0);
  return leave(OK);
}
API result cuCtxPushCurrent_v2(void *context) {
  ENTER;
  NEED((uintptr_t)context - 1 < kMaxDevices && depth < 16, INVALID_CONTEXT);
  stack[depth++] = (int)(uintptr_t)context;
  return leave(OK);
}
API result cuCtxPopCurrent_v2(void **context) {
  result r = enter(__func__);
  NEED_CONTEXT;
  *context = (void *)(uintptr_t)stack[--depth];
  return leave(r);
}
API result cuCtxGetDevice(int *device) {
  ENTER;
  NEED_CONTEXT;
  *device = stack[depth - 1] - 1;
  return leave(OK);
}
API result cuCtxSynchronize(void) {
  ENTER;
  NEED_CONTEXT;
  return leave(capturing ? CAPTURE_UNSUPPORTED : OK);
}

// --- Modules --------------------------------------------------------------------------------------------------------------------------

API result cuModuleLoadDataEx(void **module, const void *image, unsigned count, int *options, void **values) {
  ENTER;
  NEED_CONTEXT;
  int is_cubin = !memcmp(image, "\177ELF", 4);
  const char *text = (const char *)image + (is_cubin ? 64 : 0);
  if (!is_cubin && config.jit_result) {
    for (unsigned i = 0; i < count; ++i)
      if (options[i] == 5)
        strcpy(values[i], "ptxas fatal: line 7: what is this");
    return leave(config.jit_result);
  }
  for (const char *c = text; *c; ++c)
    NEED(is_cubin || *c > 0, 218); // text, up to a null byte
  object *o = add(MODULE, 0);
  o->data = strdup(text);
  *module = o;
  return leave(OK);
}
API result cuModuleUnload(void *module) {
  for (object *o = objects, *next; o; o = next) {
    next = o->next;
    if (o->kind == FUNCTION && o->module == module)
      drop(o);
  }
  return destroy(__func__, module, MODULE);
}
API result cuModuleGetFunction(void **function, void *module, const char *name) {
  ENTER;
  NEED_CONTEXT;
  object *m = find(module, MODULE);
  NEED(m, INVALID_HANDLE);
  char start[80];
  int n = snprintf(start, sizeof start, "// entry %s ", name);
  const char *at = strstr(m->data, start);
  NEED(at, NOT_FOUND);
  object *o = add(FUNCTION, 0);
  snprintf(o->name, sizeof o->name, "%s", name);
  o->module = m;
  o->dynamic_shared = 48 << 10;
  for (char *end; o->num_sizes < kMaxParams; at = end, n = 0, ++o->num_sizes) {
    o->sizes[o->num_sizes] = (int)strtol(at + n, &end, 10);
    if (end == at + n || memchr(at + n, '\n', (size_t)(end - at - n)))
      break;
  }
  *function = o;
  return leave(OK);
}
API result cuFuncGetAttribute(int *value, int attribute, void *function) {
  ENTER;
  object *o = find(function, FUNCTION);
  NEED(o, INVALID_HANDLE);
  *value = attribute == 0 ? 1024 : attribute == 8 ? o->dynamic_shared : 0;
  return leave(OK);
}
API result cuFuncSetAttribute(void *function, int attribute, int value) {
  ENTER;
  object *o = find(function, FUNCTION);
  NEED(o && attribute == 8, INVALID_VALUE);
  o->dynamic_shared = value;
  return leave(OK);
}
API result cuFuncGetParamInfo(void *function, size_t index, size_t *offset, size_t *bytes) {
  ENTER;
  object *o = find(function, FUNCTION);
  NEED(o, INVALID_HANDLE);
  NEED(index < (size_t)o->num_sizes, INVALID_VALUE);
  *offset = 0;
  for (size_t i = 0; i <= index; ++i) {
    size_t size = (size_t)o->sizes[i];
    *offset = (*offset + size - 1) / size * size + (i < index ? size : 0);
  }
  *bytes = (size_t)o->sizes[index];
  return leave(OK);
}

// --- Memory ---------------------------------------------------------------------------------------------------------------------------

API result cuMemAlloc_v2(uint64_t *out, size_t bytes) {
  ENTER;
  NEED_CONTEXT;
  NEED(!capturing, CAPTURE_UNSUPPORTED);
  NEED(bytes, INVALID_VALUE);
  NEED(bytes <= config.memory_bytes - used_bytes, NO_MEMORY);
  object *o = add(ALLOCATION, bytes);
  memset(o->data, 0xFF, bytes); // NaN
  used_bytes += bytes;
  ++allocations;
  *out = (uintptr_t)o->data;
  return leave(OK);
}
API result cuMemFree_v2(uint64_t pointer) { return destroy(__func__, (void *)(uintptr_t)pointer, ALLOCATION); }
API result cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, void *stream) {
  ENTER;
  NEED_CONTEXT;
  (void)stream;
  NEED(on_device(to, bytes), INVALID_VALUE);
  memcpy((void *)(uintptr_t)to, from, bytes);
  return leave(OK);
}
API result cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *stream) {
  ENTER;
  NEED_CONTEXT;
  (void)stream;
  NEED(on_device(from, bytes), INVALID_VALUE);
  memcpy(to, (void *)(uintptr_t)from, bytes);
  return leave(OK);
}
API result cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void *stream) {
  ENTER;
  NEED_CONTEXT;
  (void)stream;
  NEED(on_device(from, bytes) && on_device(to, bytes), INVALID_VALUE);
  memcpy((void *)(uintptr_t)to, (void *)(uintptr_t)from, bytes);
  return leave(OK);
}

// --- Streams and events ---------------------------------------------------------------------------------------------------------------

static int good_stream(const void *stream) {
  const object *o = find(stream, STREAM);
  return !stream || (o && (!depth || o->context == stack[depth - 1]));
}

API result cuStreamCreate(void **stream, unsigned flags) {
  ENTER;
  NEED_CONTEXT;
  NEED(flags <= 1, INVALID_VALUE);
  *stream = add(STREAM, 0);
  return leave(OK);
}
API result cuStreamDestroy_v2(void *stream) { return destroy(__func__, stream, STREAM); }
API result cuStreamSynchronize(void *stream) {
  ENTER;
  NEED_CONTEXT;
  NEED(good_stream(stream), INVALID_HANDLE);
  return leave(capturing && captured == stream ? CAPTURE_UNSUPPORTED : OK);
}
API result cuStreamWaitEvent(void *stream, void *event, unsigned flags) {
  ENTER;
  (void)flags;
  object *o = find(event, EVENT);
  return leave(o && o->recorded && good_stream(stream) ? OK : INVALID_HANDLE);
}
API result cuStreamIsCapturing(void *stream, int *status) {
  ENTER;
  NEED(good_stream(stream), INVALID_HANDLE);
  *status = capturing && captured == stream;
  return leave(OK);
}
API result cuEventCreate(void **event, unsigned flags) {
  ENTER;
  NEED_CONTEXT;
  (void)flags;
  *event = add(EVENT, 0);
  return leave(OK);
}
API result cuEventDestroy_v2(void *event) { return destroy(__func__, event, EVENT); }
API result cuEventRecord(void *event, void *stream) {
  ENTER;
  object *o = find(event, EVENT);
  NEED(o && good_stream(stream), INVALID_HANDLE);
  o->recorded = 1;
  return leave(OK);
}
API result cuEventQuery(void *event) {
  ENTER;
  return leave(!find(event, EVENT) ? INVALID_HANDLE : config.never_ready ? NOT_READY : OK);
}
API result cuEventSynchronize(void *event) {
  ENTER;
  return leave(find(event, EVENT) ? OK : INVALID_HANDLE);
}
API result cuEventElapsedTime(float *milliseconds, void *from, void *to) {
  ENTER;
  object *a = find(from, EVENT), *b = find(to, EVENT);
  NEED(a && b && a->recorded && b->recorded, INVALID_HANDLE);
  *milliseconds = 1.5f;
  return leave(OK);
}

// --- Launches -------------------------------------------------------------------------------------------------------------------------

static int64_t integer(const object *f, void **params, int i) {
  int64_t wide = 0;
  memcpy(&wide, params[i], (size_t)f->sizes[i]);
  return f->sizes[i] == 4 ? (int32_t)wide : wide;
}
static float *tensor(const object *f, void **params, int i, int64_t n, result *r) {
  uint64_t pointer = (uint64_t)integer(f, params, i);
  if (!on_device(pointer, (size_t)n * sizeof(float)))
    *r = ILLEGAL_ADDRESS;
  return (float *)(uintptr_t)pointer;
}

static result run(const object *f, int64_t threads, void **params) {
  result r = OK;
  if (!strcmp(f->name, "test_add")) {
    int64_t n = integer(f, params, 3);
    float *a = tensor(f, params, 0, n, &r), *b = tensor(f, params, 1, n, &r), *y = tensor(f, params, 2, n, &r);
    for (int64_t i = 0; i < n && i < threads && !r; ++i)
      y[i] = a[i] + b[i];
  } else if (!strcmp(f->name, "test_scale")) {
    int64_t n = integer(f, params, 2);
    float *x = tensor(f, params, 0, n, &r), *y = tensor(f, params, 1, n, &r), s;
    memcpy(&s, params[3], sizeof s);
    for (int64_t i = 0; i < n && i < threads && !r; ++i)
      y[i] = s * x[i];
  }
  return r;
}

static result run_node(const node *n) {
  void *params[kMaxParams];
  for (int i = 0; i < n->function->num_sizes; ++i)
    params[i] = (void *)&n->values[i];
  return run(n->function, n->threads, params);
}

static void record(object *f, int64_t threads, void **params) {
  nodes = realloc(nodes, (size_t)(num_nodes + 1) * sizeof *nodes);
  node *n = &nodes[num_nodes++];
  n->function = f;
  n->threads = threads;
  for (int i = 0; i < f->num_sizes; ++i)
    n->values[i] = (uint64_t)integer(f, params, i);
}

API result cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
                          void *stream, void **params, void **extra) {
  ENTER;
  NEED_CONTEXT;
  object *f = find(function, FUNCTION);
  NEED(f && good_stream(stream) && f->context == stack[depth - 1], INVALID_HANDLE);
  NEED(!extra && gx && gy && gz && gy <= 65535 && gz <= 65535 && bx * by * bz - 1 < 1024 && (int)shared <= f->dynamic_shared, INVALID_VALUE);
  last = (fake_cuda_launch){"", {gx, gy, gz}, {bx, by, bz}, shared, stream};
  memcpy(last.name, f->name, sizeof last.name);
  ++launches;
  if (capturing && captured == stream)
    record(f, (int64_t)gx * bx, params);
  else
    sticky = run(f, (int64_t)gx * bx, params); // shows in the next call
  return leave(OK);
}

// --- Graphs ---------------------------------------------------------------------------------------------------------------------------

API result cuStreamBeginCapture_v2(void *stream, int mode) {
  ENTER;
  (void)mode;
  NEED(stream && find(stream, STREAM) && !capturing, INVALID_VALUE);
  capturing = 1;
  captured = stream;
  return leave(OK);
}
API result cuStreamEndCapture(void *stream, void **graph) {
  ENTER;
  NEED(capturing && captured == stream, INVALID_VALUE);
  object *o = add(GRAPH, 0);
  o->data = nodes;
  o->recorded = num_nodes;
  nodes = NULL;
  capturing = num_nodes = 0;
  *graph = o;
  return leave(OK);
}
API result cuGraphInstantiateWithFlags(void **exec, void *graph, unsigned long long flags) {
  ENTER;
  object *g = find(graph, GRAPH);
  NEED(g && !flags, INVALID_VALUE);
  object *o = add(EXEC, 0);
  o->recorded = g->recorded;
  o->data = malloc((size_t)g->recorded * sizeof(node) + 1);
  if (g->recorded)
    memcpy(o->data, g->data, (size_t)g->recorded * sizeof(node));
  *exec = o;
  return leave(OK);
}
API result cuGraphLaunch(void *exec, void *stream) {
  ENTER;
  object *o = find(exec, EXEC);
  NEED(o && good_stream(stream), INVALID_HANDLE);
  for (int i = 0; i < o->recorded && !sticky; ++i)
    sticky = run_node((node *)o->data + i);
  return leave(OK);
}
API result cuGraphExecDestroy(void *exec) { return destroy(__func__, exec, EXEC); }
API result cuGraphDestroy(void *graph) { return destroy(__func__, graph, GRAPH); }

// --- Error texts ----------------------------------------------------------------------------------------------------------------------

API result cuGetErrorName(result r, const char **text) {
  static const struct {
    result r;
    const char *name;
  } kNames[] = {{1, "CUDA_ERROR_INVALID_VALUE"}, {2, "CUDA_ERROR_OUT_OF_MEMORY"}, {100, "CUDA_ERROR_NO_DEVICE"}, {201, "CUDA_ERROR_INVALID_CONTEXT"},
                {200, "CUDA_ERROR_INVALID_IMAGE"}, {218, "CUDA_ERROR_INVALID_PTX"}, {222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"},
                {500, "CUDA_ERROR_NOT_FOUND"}, {700, "CUDA_ERROR_ILLEGAL_ADDRESS"}, {719, "CUDA_ERROR_LAUNCH_FAILED"}};
  for (size_t i = 0; i < sizeof kNames / sizeof *kNames; ++i)
    if (kNames[i].r == r)
      return *text = kNames[i].name, OK;
  *text = NULL;
  return INVALID_VALUE;
}
API result cuGetErrorString(result r, const char **text) {
  *text = r == 2 ? "out of memory" : r == 700 ? "an illegal memory access was encountered" : "some text";
  return OK;
}
