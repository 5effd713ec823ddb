// SPDX-License-Identifier: Apache-2.0
// The part of the CUDA driver API that the runtime uses, found at run time: nothing of CUDA is needed to build or to run on the CPU.
// Types and numbers are those of the driver's ABI, which is stable.
#ifndef SEQC_RT_CUDA_H
#define SEQC_RT_CUDA_H

#include "support.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int cu_result; // CUresult
typedef int cu_device; // CUdevice
typedef uint64_t cu_ptr; // CUdeviceptr
typedef void *cu_context, *cu_module, *cu_function, *cu_stream, *cu_event;

enum { // CUresult
  CU_SUCCESS = 0,
  CU_INVALID_VALUE = 1,
  CU_OUT_OF_MEMORY = 2,
  CU_NO_DEVICE = 100,
  CU_NOT_READY = 600
};
enum { // CUdevice_attribute
  CU_ATTR_MULTIPROCESSORS = 16,
  CU_ATTR_MAJOR = 75,
  CU_ATTR_MINOR = 76,
  CU_ATTR_SHARED_OPTIN = 97
};
enum { CU_FUNC_ATTR_MAX_DYNAMIC_SHARED = 8, CU_FUNC_ATTR_STATIC_SHARED = 1, CU_FUNC_ATTR_MAX_THREADS = 0 };
enum { CU_JIT_ERROR_LOG = 5, CU_JIT_ERROR_LOG_BYTES = 6 };
enum { CU_EVENT_DEFAULT = 0, CU_EVENT_NO_TIMING = 2 };
enum { CU_STREAM_NON_BLOCKING = 1 };

// name in rt_cuda, symbol, parameters. The symbols with _v2 are those that the names without stand for since CUDA 4.0 (release: 11.0).
#define RT_CUDA_FUNCTIONS(F)                                                                                                                \
  F(Init, "cuInit", (unsigned flags))                                                                                                       \
  F(DriverGetVersion, "cuDriverGetVersion", (int *version))                                                                                 \
  F(DeviceGetCount, "cuDeviceGetCount", (int *count))                                                                                       \
  F(DeviceGet, "cuDeviceGet", (cu_device * device, int ordinal))                                                                            \
  F(DeviceGetName, "cuDeviceGetName", (char *name, int bytes, cu_device device))                                                            \
  F(DeviceGetAttribute, "cuDeviceGetAttribute", (int *value, int attribute, cu_device device))                                              \
  F(DeviceTotalMem, "cuDeviceTotalMem_v2", (size_t *bytes, cu_device device))                                                               \
  F(PrimaryCtxRetain, "cuDevicePrimaryCtxRetain", (cu_context * context, cu_device device))                                                 \
  F(PrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2", (cu_device device))                                                                  \
  F(CtxGetCurrent, "cuCtxGetCurrent", (cu_context * context))                                                                               \
  F(CtxPushCurrent, "cuCtxPushCurrent_v2", (cu_context context))                                                                            \
  F(CtxPopCurrent, "cuCtxPopCurrent_v2", (cu_context * context))                                                                            \
  F(CtxGetDevice, "cuCtxGetDevice", (cu_device * device))                                                                                   \
  F(CtxSynchronize, "cuCtxSynchronize", (void))                                                                                             \
  F(ModuleLoadDataEx, "cuModuleLoadDataEx", (cu_module * module, const void *image, unsigned count, int *options, void **values))           \
  F(ModuleUnload, "cuModuleUnload", (cu_module module))                                                                                     \
  F(ModuleGetFunction, "cuModuleGetFunction", (cu_function * function, cu_module module, const char *name))                                 \
  F(FuncGetAttribute, "cuFuncGetAttribute", (int *value, int attribute, cu_function function))                                              \
  F(FuncSetAttribute, "cuFuncSetAttribute", (cu_function function, int attribute, int value))                                               \
  F(MemAlloc, "cuMemAlloc_v2", (cu_ptr * out, size_t bytes))                                                                                \
  F(MemFree, "cuMemFree_v2", (cu_ptr pointer))                                                                                              \
  F(MemcpyHtoDAsync, "cuMemcpyHtoDAsync_v2", (cu_ptr to, const void *from, size_t bytes, cu_stream stream))                                 \
  F(MemcpyDtoHAsync, "cuMemcpyDtoHAsync_v2", (void *to, cu_ptr from, size_t bytes, cu_stream stream))                                       \
  F(MemcpyDtoDAsync, "cuMemcpyDtoDAsync_v2", (cu_ptr to, cu_ptr from, size_t bytes, cu_stream stream))                                      \
  F(StreamCreate, "cuStreamCreate", (cu_stream * stream, unsigned flags))                                                                   \
  F(StreamDestroy, "cuStreamDestroy_v2", (cu_stream stream))                                                                                \
  F(StreamSynchronize, "cuStreamSynchronize", (cu_stream stream))                                                                           \
  F(StreamWaitEvent, "cuStreamWaitEvent", (cu_stream stream, cu_event event, unsigned flags))                                               \
  F(StreamIsCapturing, "cuStreamIsCapturing", (cu_stream stream, int *status))                                                              \
  F(EventCreate, "cuEventCreate", (cu_event * event, unsigned flags))                                                                       \
  F(EventDestroy, "cuEventDestroy_v2", (cu_event event))                                                                                    \
  F(EventRecord, "cuEventRecord", (cu_event event, cu_stream stream))                                                                       \
  F(EventQuery, "cuEventQuery", (cu_event event))                                                                                           \
  F(EventSynchronize, "cuEventSynchronize", (cu_event event))                                                                               \
  F(EventElapsedTime, "cuEventElapsedTime", (float *milliseconds, cu_event from, cu_event to))                                              \
  F(LaunchKernel, "cuLaunchKernel",                                                                                                         \
    (cu_function function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared_bytes,             \
     cu_stream stream, void **params, void **extra))                                                                                        \
  F(GetErrorName, "cuGetErrorName", (cu_result result, const char **text))                                                                  \
  F(GetErrorString, "cuGetErrorString", (cu_result result, const char **text))

// NULL in older drivers.
#define RT_CUDA_OPTIONAL(F) F(FuncGetParamInfo, "cuFuncGetParamInfo", (cu_function function, size_t index, size_t *offset, size_t *bytes))

typedef struct {
#define RT_CUDA_MEMBER(name, symbol, params) cu_result(*name) params;
  RT_CUDA_FUNCTIONS(RT_CUDA_MEMBER) RT_CUDA_OPTIONAL(RT_CUDA_MEMBER)
#undef RT_CUDA_MEMBER
} rt_cuda;

// The initialised driver of this process; it stays loaded. DEVICE_ERROR if there is none, it is too old, or it cannot be initialised; the next
// call tries again.
seqc_rt_status_t rt_cuda_get(const rt_cuda **out);

// The driver's name and text of an error, and a remedy: "cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY (out of memory); free device memory..".
// OUT_OF_MEMORY for that error, else DEVICE_ERROR.
seqc_rt_status_t rt_cuda_fail(const rt_cuda *cuda, cu_result result, const char *call);

// Leaves the enclosing function if a driver call fails.
#define RT_CUDA_TRY(cuda, name, ...)                                                                                                       \
  do {                                                                                                                                     \
    cu_result rt_cuda_result = (cuda)->name(__VA_ARGS__);                                                                                  \
    if (rt_cuda_result != CU_SUCCESS)                                                                                                      \
      return rt_cuda_fail(cuda, rt_cuda_result, "cu" #name);                                                                               \
  } while (0)

// Compute capability and limits of one device.
typedef struct {
  cu_device device;
  int driver_version; // 13000 for CUDA 13.0
  int sm;             // 90 for compute capability 9.0
  int multiprocessors;
  int shared_bytes; // of one block, at most
  char name[64];
} rt_gpu_facts;
// DEVICE_ERROR if there is no such device.
seqc_rt_status_t rt_cuda_facts(const rt_cuda *cuda, int32_t ordinal, rt_gpu_facts *out);

#ifdef __cplusplus
}
#endif

#endif
