// SPDX-License-Identifier: Apache-2.0
// Running a function: its launches in order, each on the thread pool or the GPU.
#include "arguments.h"
#include "float_mode.h"
#include "gpu.h"
#include "launch.h"

// --- Workspace ------------------------------------------------------------------------------------------------------------------------

static seqc_rt_status_t eval_workspace(const seqc_rt_function_t *fn, const int64_t *dims, int64_t *out) {
  seqc_rt_status_t status = rt_expr_eval(&fn->plan->workspace_bytes, dims, out);
  if (status != SEQC_RT_OK)
    return rt_prefix(status, "%.80s: workspace_bytes", fn->decl->name);
  if (*out < 0)
    return rt_fail(SEQC_RT_SIZE_OVERFLOW, "%.80s: expects workspace_bytes >= 0, but got %lld", fn->decl->name, (long long)*out);
  return SEQC_RT_OK;
}

static seqc_rt_status_t check_workspace(const rt_frame *f, const void *workspace, size_t bytes) {
  const char *name = f->fn->decl->name;
  if (bytes < (uint64_t)f->workspace_bytes)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "%.80s: workspace: expects at least %lld bytes, but got %zu", name, (long long)f->workspace_bytes, bytes);
  if ((uintptr_t)workspace % SEQC_PACKAGE_ALIGN)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "%.80s: workspace: expects %d-byte alignment, but got %p", name, SEQC_PACKAGE_ALIGN, workspace);
  return SEQC_RT_OK;
}

// The kept workspace if nobody else has it and it is large enough, else a new one.
static rt_workspace *take_workspace(seqc_rt_package_t *pkg, size_t bytes) {
  rt_workspace *w = atomic_exchange(&pkg->workspace, NULL);
  if (w && w->bytes >= bytes)
    return w;
  rt_free(w);
  size_t total;
  if (__builtin_add_overflow(sizeof *w, bytes, &total) || !(w = rt_aligned_alloc(total)))
    return NULL;
  w->bytes = bytes;
  return w;
}

static void give_workspace(seqc_rt_package_t *pkg, rt_workspace *w) {
  rt_workspace *none = NULL;
  if (!atomic_compare_exchange_strong(&pkg->workspace, &none, w))
    rt_free(w);
}

// --- CPU ------------------------------------------------------------------------------------------------------------------------------

static seqc_rt_status_t count_programs(const rt_kernel *k, const int64_t *values, int64_t *total) {
  int64_t extents[3];
  RT_TRY(rt_eval_grid(k->grid, values, extents));
  *total = 0;
  if (!extents[0] || !extents[1] || !extents[2])
    return SEQC_RT_OK;
  if (!rt_mul_i64(extents[0], extents[1], total) || !rt_mul_i64(*total, extents[2], total) || *total > SEQC_PACKAGE_MAX_INT)
    return rt_fail(SEQC_RT_SIZE_OVERFLOW, "the number of programs does not fit");
  return SEQC_RT_OK;
}

static seqc_rt_status_t run_on_pool(const rt_frame *f, int32_t kernel, const rt_bound_args *bound) {
  const seqc_rt_package_t *pkg = f->fn->package;
  const rt_kernel *k = &pkg->manifest.kernels[kernel];
  int64_t total;
  seqc_rt_status_t status = count_programs(k, bound->values, &total);
  if (status != SEQC_RT_OK)
    return rt_prefix(status, "grid of kernel '%.80s'", k->name);
  if (total == 0)
    return SEQC_RT_OK;
  if (!pkg->kernels[kernel])
    return rt_fail(SEQC_RT_UNSUPPORTED, "kernel '%.80s' has no CPU code; compile the package with a CPU target", k->name);
  return rt_pool_run(pkg->pool, pkg->kernels[kernel], bound->args, total, k->scratch_bytes);
}

static seqc_rt_status_t run_cpu(const rt_frame *f) {
  uint32_t host_mode = rt_float_mode_get();
  rt_float_mode_set_default();
  seqc_rt_status_t status = rt_run_launches(f, run_on_pool);
  rt_float_mode_set(host_mode);
  return status;
}

static seqc_rt_status_t call_cpu(rt_frame *f) {
  if (f->workspace || f->workspace_bytes == 0)
    return run_cpu(f);
  rt_workspace *own = take_workspace(f->fn->package, (size_t)f->workspace_bytes);
  if (!own)
    return rt_no_memory("the workspace");
  f->workspace = own->data;
  seqc_rt_status_t status = run_cpu(f);
  give_workspace(f->fn->package, own);
  return status;
}

// --- API ------------------------------------------------------------------------------------------------------------------------------

seqc_rt_status_t seqc_rt_function_infer_shapes(const seqc_rt_function_t *fn, DLTensor *const *inputs, int32_t num_inputs,
                                               DLTensor *const *outputs, int32_t num_outputs) {
  if (!fn)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "seqc_rt_function_infer_shapes: expects a function, but got NULL");
  int64_t dims[SEQC_PACKAGE_MAX_DIM_NAMES + 1];
  RT_TRY(rt_arguments_solve(fn, inputs, num_inputs, dims));
  RT_TRY(rt_arguments_check_count(fn->decl, "output", outputs, num_outputs, fn->decl->num_outputs));
  for (int32_t i = 0; i < num_outputs; ++i) {
    const rt_tensor_decl *decl = &fn->decl->outputs[i];
    if (decl->info.rank && !outputs[i]->shape)
      return rt_fail(SEQC_RT_INVALID_ARGUMENT, "%.80s: output %d: expects room for %d extents, but shape is NULL", fn->decl->name, i, decl->info.rank);
    RT_TRY(rt_arguments_shape(fn->decl, decl, dims, outputs[i]->shape));
    outputs[i]->ndim = decl->info.rank;
    outputs[i]->dtype = decl->info.dtype;
  }
  return SEQC_RT_OK;
}

seqc_rt_status_t seqc_rt_function_workspace_bytes(const seqc_rt_function_t *fn, DLTensor *const *inputs, int32_t num_inputs, size_t *out_bytes) {
  if (!fn || !out_bytes)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "seqc_rt_function_workspace_bytes: expects a function and out_bytes, but got NULL");
  int64_t dims[SEQC_PACKAGE_MAX_DIM_NAMES + 1], bytes;
  RT_TRY(rt_arguments_solve(fn, inputs, num_inputs, dims));
  RT_TRY(eval_workspace(fn, dims, &bytes));
  *out_bytes = (size_t)bytes;
  return SEQC_RT_OK;
}

seqc_rt_status_t seqc_rt_function_call(const seqc_rt_function_t *fn, DLTensor *const *inputs, int32_t num_inputs, DLTensor *const *outputs,
                                       int32_t num_outputs, void *workspace, size_t workspace_bytes, seqc_rt_stream_t stream) {
  if (!fn)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "seqc_rt_function_call: expects a function, but got NULL");
  if (stream && fn->package->device.type == SEQC_RT_CPU)
    return rt_fail(SEQC_RT_INVALID_ARGUMENT, "%.80s: stream: expects NULL on the CPU", fn->decl->name);
  if (fn->package->inspect_only)
    return rt_fail(SEQC_RT_UNSUPPORTED, "%.80s: the package was opened with inspect_only; open it again to call functions", fn->decl->name);
  int64_t dims[SEQC_PACKAGE_MAX_DIM_NAMES + 1];
  RT_TRY(rt_arguments_solve(fn, inputs, num_inputs, dims));
  RT_TRY(rt_arguments_check_count(fn->decl, "output", outputs, num_outputs, fn->decl->num_outputs));
  RT_TRY(rt_arguments_check_memory(fn, inputs, outputs, dims));
  rt_frame f = {.fn = fn, .inputs = inputs, .outputs = outputs, .dims = dims, .workspace = workspace, .stream = stream};
  RT_TRY(eval_workspace(fn, dims, &f.workspace_bytes));
  if (workspace)
    RT_TRY(check_workspace(&f, workspace, workspace_bytes));
  return fn->package->gpu ? rt_gpu_call(&f) : call_cpu(&f);
}
