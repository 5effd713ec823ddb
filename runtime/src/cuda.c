// SPDX-License-Identifier: Apache-2.0
#include "cuda.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

// --- Loading --------------------------------------------------------------------------------------------------------------------------

enum { kOldestDriver = 12000 }; // the first that knows sm_90

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static rt_cuda table;
static bool loaded;

typedef struct {
  const char *symbol;
  size_t offset;
  bool optional;
} entry;

static const entry kEntries[] = {
#define RT_CUDA_ENTRY(name, symbol, params) {symbol, offsetof(rt_cuda, name), false},
    RT_CUDA_FUNCTIONS(RT_CUDA_ENTRY)
#undef RT_CUDA_ENTRY
#define RT_CUDA_ENTRY(name, symbol, params) {symbol, offsetof(rt_cuda, name), true},
        RT_CUDA_OPTIONAL(RT_CUDA_ENTRY)
#undef RT_CUDA_ENTRY
};

static seqc_rt_status_t find_functions(void *library) {
  for (int i = 0; i < RT_COUNT(kEntries); ++i) {
    void *address = dlsym(library, kEntries[i].symbol);
    if (!address && !kEntries[i].optional)
      return rt_fail(SEQC_RT_DEVICE_ERROR, "the NVIDIA driver has no function %s, it is too old; install driver 525 or newer", kEntries[i].symbol);
    memcpy((char *)&table + kEntries[i].offset, &address, sizeof address);
  }
  return SEQC_RT_OK;
}

static seqc_rt_status_t load(void) {
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return rt_fail(SEQC_RT_DEVICE_ERROR, "no NVIDIA driver on this machine (%s); install it, or use the CPU", dlerror());
  seqc_rt_status_t status = find_functions(library);
  int version = 0;
  cu_result result = status == SEQC_RT_OK ? table.Init(0) : CU_SUCCESS;
  if (result == CU_SUCCESS && status == SEQC_RT_OK)
    result = table.DriverGetVersion(&version);
  if (result != CU_SUCCESS)
    status = rt_cuda_fail(&table, result, "cuInit");
  else if (status == SEQC_RT_OK && version < kOldestDriver)
    status = rt_fail(SEQC_RT_DEVICE_ERROR, "the NVIDIA driver is for CUDA %d.%d, but CUDA %d.%d or newer is needed; install driver 525 or newer",
                     version / 1000, version % 1000 / 10, kOldestDriver / 1000, kOldestDriver % 1000 / 10);
  if (status != SEQC_RT_OK)
    dlclose(library);
  return status; // the library stays loaded: drivers keep threads of their own
}

seqc_rt_status_t rt_cuda_get(const rt_cuda **out) {
  pthread_mutex_lock(&lock);
  seqc_rt_status_t status = loaded ? SEQC_RT_OK : load();
  loaded = status == SEQC_RT_OK;
  pthread_mutex_unlock(&lock);
  *out = status == SEQC_RT_OK ? &table : NULL;
  return status;
}

// --- Errors ---------------------------------------------------------------------------------------------------------------------------

static const char kSticky[] = "a kernel failed before this call, and the process can no longer use this GPU; end it, and look for the fault with "
                              "compute-sanitizer";
static const char kDamaged[] = "the code in the package is damaged or for another GPU; compile it again";
static const char kUpdate[] = "update the NVIDIA driver, or compile with an older ptxas";

static const struct {
  cu_result result;
  const char *remedy;
} kRemedies[] = {{CU_OUT_OF_MEMORY, "free device memory or use smaller sizes"},
                 {4, "the process is ending; close packages before"},
                 {34, "the stub of the CUDA toolkit was loaded instead of the driver; take it off LD_LIBRARY_PATH"},
                 {46, "another process uses the GPU alone; wait for it or choose another GPU"},
                 {CU_NO_DEVICE, "no GPU is visible; look at nvidia-smi and CUDA_VISIBLE_DEVICES, or use the CPU"},
                 {101, "choose a device that nvidia-smi lists"},
                 {200, kDamaged},
                 {201, "pass a context that is alive and of this device"},
                 {209, kDamaged},
                 {214, "the GPU's memory reported an error; reset the GPU"},
                 {218, "the PTX in the package is not valid for this driver; compile it again"},
                 {221, "the driver's PTX compiler is not installed; install libnvidia-ptxjitcompiler, or compile for this GPU"},
                 {222, kUpdate},
                 {223, kUpdate},
                 {500, kDamaged},
                 {700, kSticky},
                 {701, "the kernel needs more registers or threads than this GPU has; compile it for this GPU"},
                 {702, kSticky},
                 {709, "the context was destroyed; open the package again"},
                 {710, kSticky},
                 {714, kSticky},
                 {715, kSticky},
                 {716, kSticky},
                 {717, kSticky},
                 {718, kSticky},
                 {719, kSticky},
                 {800, "the GPU does not permit this; look at its mode and at the container's limits"},
                 {802, "the GPU is still starting or its fabric manager is not running; look at nvidia-smi"},
                 {803, "driver library and kernel module are of different versions; restart the machine"},
                 {804, "the CUDA compatibility package does not support this GPU; use the system's driver library"},
                 {900, "the stream is being captured; pass device tensors and a workspace"},
                 {901, "an earlier call broke the capture; begin it again"},
                 {906, "another stream is being captured; pass a stream of your own instead of the default one"}};

seqc_rt_status_t rt_cuda_fail(const rt_cuda *cuda, cu_result result, const char *call) {
  const char *name = NULL, *text = NULL, *remedy = "look at nvidia-smi and the system log";
  if (cuda->GetErrorName(result, &name) != CU_SUCCESS || !name)
    name = "unknown CUDA error";
  if (cuda->GetErrorString(result, &text) != CU_SUCCESS || !text)
    text = "no description";
  for (int i = 0; i < RT_COUNT(kRemedies); ++i)
    if (kRemedies[i].result == result)
      remedy = kRemedies[i].remedy;
  return rt_fail(result == CU_OUT_OF_MEMORY ? SEQC_RT_OUT_OF_MEMORY : SEQC_RT_DEVICE_ERROR, "%s: %s, error %d (%s); %s", call, name, result, text,
                 remedy);
}

// --- Devices --------------------------------------------------------------------------------------------------------------------------

seqc_rt_status_t rt_cuda_facts(const rt_cuda *cuda, int32_t ordinal, rt_gpu_facts *out) {
  int count, major, minor;
  *out = (rt_gpu_facts){0};
  RT_CUDA_TRY(cuda, DeviceGetCount, &count);
  if (ordinal < 0 || ordinal >= count)
    return rt_fail(SEQC_RT_DEVICE_ERROR, "no device cuda:%d, this machine has %d; choose one that nvidia-smi lists", (int)ordinal, count);
  RT_CUDA_TRY(cuda, DeviceGet, &out->device, ordinal);
  RT_CUDA_TRY(cuda, DeviceGetName, out->name, (int)sizeof out->name, out->device);
  RT_CUDA_TRY(cuda, DriverGetVersion, &out->driver_version);
  RT_CUDA_TRY(cuda, DeviceGetAttribute, &major, CU_ATTR_MAJOR, out->device);
  RT_CUDA_TRY(cuda, DeviceGetAttribute, &minor, CU_ATTR_MINOR, out->device);
  RT_CUDA_TRY(cuda, DeviceGetAttribute, &out->multiprocessors, CU_ATTR_MULTIPROCESSORS, out->device);
  RT_CUDA_TRY(cuda, DeviceGetAttribute, &out->shared_bytes, CU_ATTR_SHARED_OPTIN, out->device);
  out->name[sizeof out->name - 1] = 0;
  out->sm = 10 * major + minor;
  return SEQC_RT_OK;
}
