// SPDX-License-Identifier: Apache-2.0
// The manifest as checked structures. Everything lives in one arena; all indices are in range, all expressions compiled.
#ifndef SEQC_RT_MANIFEST_H
#define SEQC_RT_MANIFEST_H

#include "archive.h"
#include "expr.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  const char *path;
  size_t bytes;
  uint8_t sha256[32];
} rt_file;

typedef enum { RT_PARAM_PTR, RT_PARAM_INDEX, RT_PARAM_SCALAR } rt_param_kind;
typedef struct {
  const char *name;
  rt_param_kind kind;
  const rt_dtype *dtype; // NULL for index
  bool writes;
} rt_param;

// GPU code of one kernel for one target.
typedef struct {
  const char *target_name; // "sm_90a"
  int sm;                  // 90
  char suffix;             // 0, 'a' (this architecture only) or 'f' (this family)
  const char *entry;
  const char *cubin, *ptx; // members; one may be NULL
  const char *ptx_version; // NULL without ptx
  const uint8_t *param_bytes; // of each param, as passed: 8 for pointers, 4 or 8 for indices, the size of the dtype for scalars
  rt_expr grid[3];
  int block[3];
  int shared_bytes; // dynamic
  int align;        // of all pointers, in bytes
} rt_gpu_code;

typedef struct {
  const char *name;
  rt_param *params;
  int num_params;
  rt_expr grid[3]; // over the index params, then sms; missing extents are 1
  const char *symbol; // of the CPU code; NULL if there is none
  size_t scratch_bytes;
  rt_gpu_code *gpu; // one per target
  int num_gpu;
} rt_kernel;

typedef struct {
  const char *name, *file;
  const rt_dtype *dtype;
  int rank;
  const int64_t *shape;
} rt_weight;

typedef struct {
  seqc_rt_tensor_info_t info;
  const rt_dtype *dtype;
  const rt_expr *shape; // info.rank entries
} rt_tensor_decl;

typedef enum { RT_ARG_INPUT, RT_ARG_OUTPUT, RT_ARG_WEIGHT, RT_ARG_WORKSPACE, RT_ARG_INDEX, RT_ARG_VALUE } rt_arg_kind;
typedef struct {
  rt_arg_kind kind;
  int32_t index; // of input, output or weight
  rt_expr expr;  // workspace offset, or index value
  uint64_t bits; // of the scalar, in the low bytes
} rt_arg;

typedef struct {
  rt_expr guard;
  int32_t kernel;
  const rt_arg *args;
} rt_alternative;

typedef struct {
  const rt_alternative *alternatives;
  int count;
} rt_launch;

// What runs on a target, in order, and the memory it needs.
typedef struct {
  const char *target; // "cpu", "sm_90a"; NULL for all others
  rt_expr workspace_bytes;
  rt_launch *launches;
  int num_launches;
} rt_plan;

typedef struct {
  const char *name;
  const char *const *dims; // num_dims names, then "sms"
  int num_dims;
  rt_expr *assume;
  const char **assume_text;
  int num_assume;
  rt_tensor_decl *inputs, *outputs;
  int num_inputs, num_outputs;
  seqc_rt_state_t *states;
  int num_states;
  rt_plan *plans; // plans[0] is for every target that the others do not name
  int num_plans;
} rt_function_decl;

typedef struct {
  rt_file *files;
  int num_files;
  const char *cpu_library; // NULL if the package has no CPU code
  const char *cpu_triple;
  const char **cpu_features;
  int num_cpu_features;
  rt_kernel *kernels;
  int num_kernels;
  rt_weight *weights;
  int num_weights;
  rt_function_decl *functions;
  int num_functions;
} rt_manifest;

// BAD_PACKAGE, UNSUPPORTED (a newer schema), OUT_OF_MEMORY.
seqc_rt_status_t rt_manifest_read(const char *text, size_t size, rt_arena *arena, rt_manifest *out);

// Parts, in the order in which they are read.
seqc_rt_status_t rt_manifest_read_kernels(const cJSON *root, rt_arena *arena, rt_manifest *out);
seqc_rt_status_t rt_manifest_read_functions(const cJSON *root, rt_arena *arena, rt_manifest *out);
// Copies a required string member into the arena.
seqc_rt_status_t rt_manifest_string(const cJSON *object, const char *key, const char *where, rt_arena *arena, const char **out);
// The plan of a target, or the one for all others.
const rt_plan *rt_function_plan(const rt_function_decl *fn, const char *target);
// 1 to 3 extents in 'grid' of `item`, over the index params of `k` and sms.
seqc_rt_status_t rt_manifest_read_grid(const cJSON *item, const char *where, rt_arena *arena, const rt_kernel *k, rt_expr grid[3]);
// The entries "sm_.." of a kernel whose params and grid are read.
seqc_rt_status_t rt_manifest_read_gpu(const cJSON *item, const char *where, rt_arena *arena, rt_kernel *k);
seqc_rt_status_t rt_manifest_dtype(const cJSON *object, const char *where, const rt_dtype **out);

#ifdef __cplusplus
}
#endif

#endif
