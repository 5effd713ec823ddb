/* SPDX-License-Identifier: Apache-2.0
 * seqc runtime: loads a .seqc package and runs its functions. Plain C, no compiler, no Python.
 *
 *   seqc_rt_package_t *pkg;
 *   if (seqc_rt_package_open("model.seqc", NULL, &pkg)) { puts(seqc_rt_last_error()); return 1; }
 *   const seqc_rt_function_t *fn;
 *   seqc_rt_package_find_function(pkg, "main", &fn);
 *   seqc_rt_function_call(fn, inputs, 1, outputs, 1, NULL, 0, NULL);
 *   seqc_rt_package_close(pkg);
 *
 * Errors. Every function that can fail returns a status; the message (what, where, remedy) is read with seqc_rt_last_error() on the same
 * thread. Nothing here prints, exits or aborts.
 * Threads. A package may be used by any number of threads at once; opening and closing different packages too. Closing a package while
 * another thread uses it is an error of the caller. A process that has called a function must not go on using the package after fork().
 * Ownership. Strings and info pointers returned by a package live until it is closed. Tensors stay the caller's.
 * Loading starts no process, opens no socket and writes no file. */
#ifndef SEQC_RT_H
#define SEQC_RT_H

#include <dlpack/dlpack.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SEQC_RT_API __attribute__((visibility("default")))
#else
#define SEQC_RT_API
#endif

#define SEQC_RT_VERSION_MAJOR 0
#define SEQC_RT_VERSION_MINOR 1

typedef enum {
  SEQC_RT_OK = 0,
  SEQC_RT_INVALID_ARGUMENT = 1,    /* the API was misused: null pointer, unknown option, index out of range */
  SEQC_RT_NOT_FOUND = 2,           /* no such file, or no such function in the package */
  SEQC_RT_IO_ERROR = 3,            /* the file exists but cannot be read */
  SEQC_RT_BAD_PACKAGE = 4,         /* the file is damaged or breaks a rule of the format; the message names the member */
  SEQC_RT_DIGEST_MISMATCH = 5,     /* a member's bytes differ from the SHA-256 in the manifest */
  SEQC_RT_UNSUPPORTED = 6,         /* this build, this machine or this version cannot run the package: device, CPU feature, schema */
  SEQC_RT_OUT_OF_MEMORY = 7,
  SEQC_RT_TENSOR_MISMATCH = 8,     /* count, dtype, rank, dim, strides, device, alignment or overlap of an argument */
  SEQC_RT_CONSTRAINT_VIOLATED = 9, /* sizes break an assumption that the model was compiled with */
  SEQC_RT_SIZE_OVERFLOW = 10,      /* a size computed from the dims does not fit, or is negative */
  SEQC_RT_DEVICE_ERROR = 11        /* native code or threads could not be started; no GPU, no driver, the wrong GPU, or the driver failed */
} seqc_rt_status_t;

typedef struct seqc_rt_package seqc_rt_package_t;
typedef struct seqc_rt_function seqc_rt_function_t;

typedef enum { SEQC_RT_CPU = 0, SEQC_RT_CUDA = 1 } seqc_rt_device_type_t;
typedef struct {
  seqc_rt_device_type_t type;
  int32_t ordinal; /* 0 for the CPU */
} seqc_rt_device_t;

/* A stream of the device (a CUstream or cudaStream_t on CUDA; NULL is the default stream). The CPU has one implicit stream: pass NULL. */
typedef void *seqc_rt_stream_t;

/* What is compared with the SHA-256 digests of the manifest. Code is always checked before it is loaded. */
typedef enum {
  SEQC_RT_VERIFY_ALL = 0, /* default: every member */
  SEQC_RT_VERIFY_CODE = 1 /* skips weights: opening reads only the pages it needs */
} seqc_rt_verify_t;

typedef struct {
  size_t struct_size;      /* sizeof(seqc_rt_open_options_t); set by SEQC_RT_OPEN_OPTIONS_INIT */
  seqc_rt_device_t device; /* where functions run; CUDA needs the NVIDIA driver (libcuda.so.1, CUDA 12.0 or newer) and nothing else */
  int32_t num_threads;     /* threads that run one call, the calling one included; 0 = online CPUs; at most 1024 */
  seqc_rt_verify_t verify;
  int32_t inspect_only;    /* not 0: read and check everything, never load code; calls give SEQC_RT_UNSUPPORTED */
  void *cuda_context;      /* a CUcontext of the device to work in; NULL: its primary context, which PyTorch and the CUDA runtime use too */
} seqc_rt_open_options_t;

#define SEQC_RT_OPEN_OPTIONS_INIT {sizeof(seqc_rt_open_options_t), {SEQC_RT_CPU, 0}, 0, SEQC_RT_VERIFY_ALL, 0, NULL}

/* One extent of a declared shape. */
typedef struct {
  const char *text;  /* "64", "B" or an expression like ["add","L",1]; never NULL */
  int64_t size;      /* the extent if it is a number, else -1 */
  int32_t dim_index; /* index of the named dim if it is a plain name, else -1 */
} seqc_rt_dim_t;

typedef struct {
  const char *name;
  const char *dtype_name; /* f32 f16 bf16 f64 i1 i8 i32 i64 */
  DLDataType dtype;       /* i1 is {6 (bool), 8, 1}; an argument of {kDLUInt, 8, 1} is taken as well */
  int32_t rank;
  const seqc_rt_dim_t *dims; /* rank entries; NULL if rank is 0 */
} seqc_rt_tensor_info_t;

/* Output `output` of one call is input `input` of the next. */
typedef struct {
  int32_t input, output;
} seqc_rt_state_t;

/* --- Errors ------------------------------------------------------------------------------------------------------------------------ */

/* Message of the last failure on this thread; "" if there was none. Never NULL; valid until the next failing call on this thread. */
SEQC_RT_API const char *seqc_rt_last_error(void);
/* Constant name like "SEQC_RT_BAD_PACKAGE"; "SEQC_RT_UNKNOWN" for a value outside the enum. */
SEQC_RT_API const char *seqc_rt_status_name(seqc_rt_status_t status);
/* "0.1.0". */
SEQC_RT_API const char *seqc_rt_version(void);

/* --- Packages ---------------------------------------------------------------------------------------------------------------------- */

/* Opens, checks and loads the package at `path`. `options` may be NULL (CPU, all threads, all digests). On success *out_package is to be
 * given to seqc_rt_package_close; on failure it is NULL. The file is mapped: it must not be changed or truncated while the package is open
 * (replacing it by rename is fine). Fails with INVALID_ARGUMENT, NOT_FOUND, IO_ERROR, BAD_PACKAGE, DIGEST_MISMATCH, UNSUPPORTED,
 * OUT_OF_MEMORY, DEVICE_ERROR. */
SEQC_RT_API seqc_rt_status_t seqc_rt_package_open(const char *path, const seqc_rt_open_options_t *options, seqc_rt_package_t **out_package);
/* The same for a package in memory. `data` must stay valid and unchanged until the package is closed: weights are used in place. */
SEQC_RT_API seqc_rt_status_t seqc_rt_package_open_memory(const void *data, size_t size, const seqc_rt_open_options_t *options,
                                                         seqc_rt_package_t **out_package);
/* Stops the workers, unloads code and frees everything. NULL is allowed. */
SEQC_RT_API void seqc_rt_package_close(seqc_rt_package_t *package);

/* The manifest as UTF-8 JSON (not null-terminated: use *out_size). INVALID_ARGUMENT if a pointer is NULL. */
SEQC_RT_API seqc_rt_status_t seqc_rt_package_manifest(const seqc_rt_package_t *package, const char **out_text, size_t *out_size);
/* Threads that run one call; 0 for NULL. */
SEQC_RT_API int32_t seqc_rt_package_num_threads(const seqc_rt_package_t *package);
/* Number of functions; 0 for NULL. */
SEQC_RT_API int32_t seqc_rt_package_num_functions(const seqc_rt_package_t *package);
/* Function by position. INVALID_ARGUMENT if out of range or a pointer is NULL. */
SEQC_RT_API seqc_rt_status_t seqc_rt_package_function(const seqc_rt_package_t *package, int32_t index, const seqc_rt_function_t **out_fn);
/* Function by name; name NULL means the only function. NOT_FOUND lists the names there are. */
SEQC_RT_API seqc_rt_status_t seqc_rt_package_find_function(const seqc_rt_package_t *package, const char *name,
                                                           const seqc_rt_function_t **out_fn);

/* --- Functions --------------------------------------------------------------------------------------------------------------------- */

SEQC_RT_API const char *seqc_rt_function_name(const seqc_rt_function_t *fn);       /* "" for NULL */
SEQC_RT_API int32_t seqc_rt_function_num_inputs(const seqc_rt_function_t *fn);     /* 0 for NULL, as the next three */
SEQC_RT_API int32_t seqc_rt_function_num_outputs(const seqc_rt_function_t *fn);
SEQC_RT_API int32_t seqc_rt_function_num_states(const seqc_rt_function_t *fn);
SEQC_RT_API int32_t seqc_rt_function_num_dims(const seqc_rt_function_t *fn);
/* Name of dim `index`, or NULL if out of range. */
SEQC_RT_API const char *seqc_rt_function_dim_name(const seqc_rt_function_t *fn, int32_t index);
/* NULL if out of range. */
SEQC_RT_API const seqc_rt_tensor_info_t *seqc_rt_function_input(const seqc_rt_function_t *fn, int32_t index);
SEQC_RT_API const seqc_rt_tensor_info_t *seqc_rt_function_output(const seqc_rt_function_t *fn, int32_t index);
SEQC_RT_API const seqc_rt_state_t *seqc_rt_function_state(const seqc_rt_function_t *fn, int32_t index);

/* Computes the output shapes for inputs of these shapes. Only ndim, shape and dtype of the inputs are read; data may be NULL. Of each
 * output, dtype, ndim and shape[0..rank) are written: outputs[i]->shape must point to seqc_rt_function_output(fn, i)->rank numbers (may be
 * NULL for rank 0). Fails with INVALID_ARGUMENT, TENSOR_MISMATCH, CONSTRAINT_VIOLATED, SIZE_OVERFLOW. */
SEQC_RT_API seqc_rt_status_t seqc_rt_function_infer_shapes(const seqc_rt_function_t *fn, DLTensor *const *inputs, int32_t num_inputs,
                                                           DLTensor *const *outputs, int32_t num_outputs);
/* Bytes of workspace a call with inputs of these shapes needs. Failures as above. */
SEQC_RT_API seqc_rt_status_t seqc_rt_function_workspace_bytes(const seqc_rt_function_t *fn, DLTensor *const *inputs, int32_t num_inputs,
                                                              size_t *out_bytes);
/* Runs the function. All tensors are row-major and contiguous; outputs have the inferred shapes and overlap nothing. Checked for every
 * tensor: count, null pointers, device, dtype, rank, dims (named dims are solved and cross-checked), strides, element alignment, overlap; a
 * message names the argument and the field. `workspace` is 64-byte aligned memory of the package's device, of `workspace_bytes` bytes, that no
 * concurrent call uses, or NULL: then the runtime keeps its own. On failure outputs hold unspecified values and the next call works.
 *
 * CPU: tensors are in CPU memory, `stream` is NULL, and the call returns when the outputs are complete.
 *
 * CUDA: a tensor is in memory of the package's device (DLDevice {kDLCUDA, ordinal}, or managed memory) or in CPU memory ({kDLCPU, 0},
 * {kDLCUDAHost, 0}). Launches go to `stream` in order. With device tensors only, the call returns at once, and the outputs are complete when
 * the stream is; a failing kernel shows in a later call. Host tensors are copied to the device and back, and the call waits for the stream.
 * On a stream that is being captured into a CUDA graph, all tensors must be on the device and the workspace, where one is needed, the
 * caller's: such a call allocates nothing and waits for nothing.
 *
 * Fails with INVALID_ARGUMENT, TENSOR_MISMATCH, CONSTRAINT_VIOLATED, SIZE_OVERFLOW, OUT_OF_MEMORY, UNSUPPORTED, DEVICE_ERROR. */
SEQC_RT_API seqc_rt_status_t seqc_rt_function_call(const seqc_rt_function_t *fn, DLTensor *const *inputs, int32_t num_inputs,
                                                   DLTensor *const *outputs, int32_t num_outputs, void *workspace, size_t workspace_bytes,
                                                   seqc_rt_stream_t stream);

/* --- Devices ----------------------------------------------------------------------------------------------------------------------- */

typedef struct {
  size_t struct_size;        /* sizeof(seqc_rt_device_info_t), set by the caller */
  char name[64];             /* "NVIDIA H100 80GB HBM3"; "cpu" for the CPU */
  int32_t compute_major;     /* compute capability, 9 and 0 for Hopper; 0 for the CPU, as the next five */
  int32_t compute_minor;
  int32_t driver_major;      /* newest CUDA version that the driver supports, 13 and 0 for 13.0 */
  int32_t driver_minor;
  int32_t multiprocessors;
  int32_t shared_bytes;      /* most shared memory that one block can have */
  uint64_t memory_bytes;     /* of the device; 0 for the CPU */
} seqc_rt_device_info_t;

/* Number of devices of a type; 1 for the CPU. Without a driver or a GPU: *out_count is 0 and the status DEVICE_ERROR says why. */
SEQC_RT_API seqc_rt_status_t seqc_rt_device_count(seqc_rt_device_type_t type, int32_t *out_count);
/* Facts of a device. Creates no context. DEVICE_ERROR if it is not there, INVALID_ARGUMENT. */
SEQC_RT_API seqc_rt_status_t seqc_rt_device_info(seqc_rt_device_t device, seqc_rt_device_info_t *out_info);
/* The device that the package was opened for; {SEQC_RT_CPU, 0} for NULL. */
SEQC_RT_API seqc_rt_device_t seqc_rt_package_device(const seqc_rt_package_t *package);

/* --- Memory, streams and events of a package's device ------------------------------------------------------------------------------
 * For programs that do not use CUDA themselves; memory, streams and events of other libraries serve as well. They work on the CPU too.
 * Everything is to be freed before the package is closed. Failures: INVALID_ARGUMENT, OUT_OF_MEMORY, DEVICE_ERROR, UNSUPPORTED (the
 * package was opened with inspect_only). */

/* Memory of at least 64-byte alignment, not cleared. bytes 0 gives a pointer that must not be used. */
SEQC_RT_API seqc_rt_status_t seqc_rt_memory_alloc(const seqc_rt_package_t *package, size_t bytes, void **out_pointer);
/* Waits for work that uses it. NULL is allowed. */
SEQC_RT_API void seqc_rt_memory_free(const seqc_rt_package_t *package, void *pointer);

typedef enum { SEQC_RT_TO_DEVICE = 0, SEQC_RT_TO_HOST = 1, SEQC_RT_ON_DEVICE = 2 } seqc_rt_copy_t;
/* Copies in the order of `stream` and waits for it, except with SEQC_RT_ON_DEVICE. */
SEQC_RT_API seqc_rt_status_t seqc_rt_memory_copy(const seqc_rt_package_t *package, void *to, const void *from, size_t bytes, seqc_rt_copy_t kind,
                                                 seqc_rt_stream_t stream);

/* A stream that does not wait for the default stream; NULL on the CPU. */
SEQC_RT_API seqc_rt_status_t seqc_rt_stream_create(const seqc_rt_package_t *package, seqc_rt_stream_t *out_stream);
SEQC_RT_API void seqc_rt_stream_destroy(const seqc_rt_package_t *package, seqc_rt_stream_t stream); /* NULL is allowed */
/* Waits until the work on the stream is done, and reports kernels that failed. */
SEQC_RT_API seqc_rt_status_t seqc_rt_stream_synchronize(const seqc_rt_package_t *package, seqc_rt_stream_t stream);

/* A point in the work of a stream, with the time at which it was reached. */
typedef struct seqc_rt_event seqc_rt_event_t;
SEQC_RT_API seqc_rt_status_t seqc_rt_event_create(const seqc_rt_package_t *package, seqc_rt_event_t **out_event);
SEQC_RT_API void seqc_rt_event_destroy(const seqc_rt_package_t *package, seqc_rt_event_t *event); /* NULL is allowed */
SEQC_RT_API seqc_rt_status_t seqc_rt_event_record(const seqc_rt_package_t *package, seqc_rt_event_t *event, seqc_rt_stream_t stream);
/* Milliseconds between two recorded events; waits for the second. */
SEQC_RT_API seqc_rt_status_t seqc_rt_event_elapsed(const seqc_rt_package_t *package, seqc_rt_event_t *from, seqc_rt_event_t *to,
                                                   double *out_milliseconds);

#ifdef __cplusplus
}
#endif

#endif
