// SPDX-License-Identifier: Apache-2.0
// Manifest: kernels.
#include "manifest.h"
#include <stdio.h>
#include <string.h>

static const char *const kKinds[] = {"ptr", "index", "scalar"};

static seqc_rt_status_t read_param(const cJSON *item, const char *where, rt_arena *arena, rt_param *p) {
  const char *kind, *access;
  RT_TRY(rt_manifest_string(item, "name", where, arena, &p->name));
  RT_TRY(rt_json_string(item, "kind", where, &kind));
  for (int i = 0; i < RT_COUNT(kKinds); ++i)
    if (!strcmp(kind, kKinds[i])) {
      p->kind = (rt_param_kind)i;
      if (p->kind == RT_PARAM_INDEX)
        return SEQC_RT_OK;
      RT_TRY(rt_manifest_dtype(item, where, &p->dtype));
      if (rt_dtype_part(p->dtype) != p->dtype)
        return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects the dtype of the parts of complex numbers, but got '%s'", where, p->dtype->name);
      if (p->kind == RT_PARAM_SCALAR)
        return SEQC_RT_OK;
      RT_TRY(rt_json_string(item, "access", where, &access));
      p->writes = !strcmp(access, "write");
      if (!p->writes && strcmp(access, "read"))
        return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects access 'read' or 'write', but got '%.20s'", where, access);
      return SEQC_RT_OK;
    }
  return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects kind ptr, index or scalar, but got '%.20s'", where, kind);
}

static seqc_rt_status_t read_params(const cJSON *item, const char *where, rt_arena *arena, rt_kernel *k) {
  const cJSON *params;
  int count;
  RT_TRY(rt_json_array(item, "params", where, &params, &count));
  if (count > SEQC_PACKAGE_MAX_PARAMS)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects at most %d params, but got %d", where, SEQC_PACKAGE_MAX_PARAMS, count);
  k->params = rt_arena_alloc(arena, (size_t)count, sizeof *k->params);
  if (!k->params)
    return rt_no_memory("the manifest");
  for (const cJSON *p = params->child; p; p = p->next) {
    char inner[128];
    snprintf(inner, sizeof inner, "%s.params[%d]", where, k->num_params);
    RT_TRY(read_param(p, inner, arena, &k->params[k->num_params++]));
    if (k->num_params > 1 && k->params[k->num_params - 1].kind < k->params[k->num_params - 2].kind)
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects pointers, then indices, then scalars", inner);
  }
  return SEQC_RT_OK;
}

seqc_rt_status_t rt_manifest_read_grid(const cJSON *item, const char *where, rt_arena *arena, const rt_kernel *k, rt_expr out[3]) {
  const char *names[SEQC_PACKAGE_MAX_PARAMS + 1];
  rt_scope scope = {names, 0};
  for (int i = 0; i < k->num_params; ++i)
    if (k->params[i].kind == RT_PARAM_INDEX)
      names[scope.count++] = k->params[i].name;
  names[scope.count++] = "sms";
  const cJSON *grid;
  int count;
  RT_TRY(rt_json_array(item, "grid", where, &grid, &count));
  if (count < 1 || count > 3)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects 1 to 3 grid extents, but got %d", where, count);
  cJSON one = {.type = cJSON_Number, .valueint = 1, .valuedouble = 1};
  const cJSON *extent = grid->child;
  for (int i = 0; i < 3; ++i, extent = extent ? extent->next : NULL)
    RT_TRY(rt_expr_parse(extent ? extent : &one, &scope, arena, where, &out[i]));
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_cpu(const cJSON *item, const char *where, rt_arena *arena, rt_kernel *k) {
  const cJSON *cpu;
  int64_t scratch;
  RT_TRY(rt_json_find(item, "cpu", where, &cpu));
  if (!cpu)
    return SEQC_RT_OK;
  RT_TRY(rt_manifest_string(cpu, "symbol", where, arena, &k->symbol));
  RT_TRY(rt_json_int(cpu, "scratch_bytes", where, 0, SEQC_PACKAGE_MAX_SCRATCH_BYTES, &scratch));
  k->scratch_bytes = (size_t)scratch;
  return SEQC_RT_OK;
}

seqc_rt_status_t rt_manifest_read_kernels(const cJSON *root, rt_arena *arena, rt_manifest *out) {
  const cJSON *kernels;
  int count;
  RT_TRY(rt_json_optional_array(root, "kernels", "seqc.json", &kernels, &count));
  if (count > SEQC_PACKAGE_MAX_KERNELS)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "seqc.json: expects at most %d kernels, but got %d", SEQC_PACKAGE_MAX_KERNELS, count);
  out->kernels = rt_arena_alloc(arena, (size_t)count, sizeof *out->kernels);
  if (!out->kernels)
    return rt_no_memory("the manifest");
  for (const cJSON *item = kernels ? kernels->child : NULL; item; item = item->next) {
    char where[64];
    snprintf(where, sizeof where, "seqc.json: kernels[%d]", out->num_kernels);
    rt_kernel *k = &out->kernels[out->num_kernels++];
    RT_TRY(rt_manifest_string(item, "name", where, arena, &k->name));
    RT_TRY(read_params(item, where, arena, k));
    RT_TRY(rt_manifest_read_grid(item, where, arena, k, k->grid));
    RT_TRY(read_cpu(item, where, arena, k));
    RT_TRY(rt_manifest_read_gpu(item, where, arena, k));
  }
  return SEQC_RT_OK;
}
