// SPDX-License-Identifier: Apache-2.0
#include "launch.h"
#include "arguments.h"

static seqc_rt_status_t bind_workspace(const rt_frame *f, const rt_arg *arg, const void **out) {
  int64_t offset;
  RT_TRY(rt_expr_eval(&arg->expr, f->dims, &offset));
  if (offset < 0 || offset > f->workspace_bytes || offset % SEQC_PACKAGE_ALIGN)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "expects a workspace offset inside %lld bytes and a multiple of %d, but got %lld",
                   (long long)f->workspace_bytes, SEQC_PACKAGE_ALIGN, (long long)offset);
  *out = f->workspace + offset;
  return SEQC_RT_OK;
}

static seqc_rt_status_t bind_arg(const rt_frame *f, const rt_arg *arg, const void **out, rt_bound_args *bound) {
  switch (arg->kind) {
  case RT_ARG_INPUT:
    *out = rt_tensor_data(f->inputs[arg->index]);
    return SEQC_RT_OK;
  case RT_ARG_OUTPUT:
    *out = rt_tensor_data(f->outputs[arg->index]);
    return SEQC_RT_OK;
  case RT_ARG_WEIGHT:
    *out = f->fn->package->weights[arg->index];
    return SEQC_RT_OK;
  case RT_ARG_WORKSPACE:
    return bind_workspace(f, arg, out);
  case RT_ARG_INDEX:
    *out = &bound->values[bound->num_values];
    return rt_expr_eval(&arg->expr, f->dims, &bound->values[bound->num_values++]);
  case RT_ARG_VALUE:
    *out = &arg->bits; // little endian: the first bytes are the value
    return SEQC_RT_OK;
  }
  return SEQC_RT_OK;
}

seqc_rt_status_t rt_eval_grid(const rt_expr grid[3], const int64_t *values, int64_t extents[3]) {
  for (int i = 0; i < 3; ++i) {
    RT_TRY(rt_expr_eval(&grid[i], values, &extents[i]));
    if (extents[i] < 0)
      return rt_fail(SEQC_RT_SIZE_OVERFLOW, "expects grid extents >= 0, but got %lld", (long long)extents[i]);
  }
  return SEQC_RT_OK;
}

static seqc_rt_status_t run_alternative(const rt_frame *f, const rt_alternative *alt, rt_run_kernel run) {
  const rt_kernel *k = &f->fn->package->manifest.kernels[alt->kernel];
  rt_bound_args bound;
  bound.num_values = 0;
  for (int i = 0; i < k->num_params; ++i) {
    seqc_rt_status_t status = bind_arg(f, &alt->args[i], &bound.args[i], &bound);
    if (status != SEQC_RT_OK)
      return rt_prefix(status, "argument '%.60s' of kernel '%.80s'", k->params[i].name, k->name);
  }
  bound.values[bound.num_values] = f->fn->package->sms;
  return run(f, alt->kernel, &bound);
}

// The first alternative whose guard is not 0; the last one's is 1.
static seqc_rt_status_t run_launch(const rt_frame *f, const rt_launch *launch, rt_run_kernel run) {
  for (int i = 0; i < launch->count; ++i) {
    int64_t guard;
    RT_TRY(rt_expr_eval(&launch->alternatives[i].guard, f->dims, &guard));
    if (guard)
      return run_alternative(f, &launch->alternatives[i], run);
  }
  return SEQC_RT_OK;
}

seqc_rt_status_t rt_run_launches(const rt_frame *f, rt_run_kernel run) {
  for (int i = 0; i < f->fn->plan->num_launches; ++i) {
    seqc_rt_status_t status = run_launch(f, &f->fn->plan->launches[i], run);
    if (status != SEQC_RT_OK)
      return rt_prefix(status, "%.80s: launch %d", f->fn->decl->name, i);
  }
  return SEQC_RT_OK;
}
