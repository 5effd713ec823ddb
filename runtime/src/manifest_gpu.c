// SPDX-License-Identifier: Apache-2.0
// Manifest: GPU code of kernels.
#include "manifest.h"
#include <stdio.h>
#include <string.h>

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_name_char(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; }

// sm_<major><minor>[a|f], minor one digit: 90, 100, 121. The name is the key.
static seqc_rt_status_t parse_target(const char *where, rt_gpu_code *g) {
  const char *t = g->target_name;
  size_t n = strncmp(t, "sm_", 3) ? 0 : 3;
  g->sm = 0;
  for (; n && n < 6 && is_digit(t[n]); ++n)
    g->sm = 10 * g->sm + (t[n] - '0');
  bool good = n >= 5 && t[3] != '0';
  g->suffix = good && (t[n] == 'a' || t[n] == 'f') ? t[n++] : 0;
  if (!good || t[n])
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects a target like sm_90a, but got '%.40s'", where, t);
  return SEQC_RT_OK;
}

static seqc_rt_status_t check_entry(const char *where, const char *entry) {
  bool good = is_name_char(entry[0]) && strlen(entry) <= 255;
  for (const char *c = entry; *c && good; ++c)
    good = is_name_char(*c) || is_digit(*c);
  return good ? SEQC_RT_OK : rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects a symbol of at most 255 characters as 'entry', but got '%.60s'", where, entry);
}

static bool is_version(const char *text) {
  int parts = 0;
  while (is_digit(*text)) {
    for (int n = 0; is_digit(*text) && n < 4; ++n)
      ++text;
    ++parts;
    if (*text == '.' && is_digit(text[1]))
      ++text;
    else
      break;
  }
  return !*text && parts >= 2 && parts <= 4;
}

// An optional member of the package under kernels/: code is known by its place, so that its digest is never skipped.
static seqc_rt_status_t read_file(const cJSON *item, const char *key, const char *where, rt_arena *arena, const char **out) {
  const cJSON *value;
  RT_TRY(rt_json_find(item, key, where, &value));
  if (!value)
    return SEQC_RT_OK;
  RT_TRY(rt_manifest_string(item, key, where, arena, out));
  if (strncmp(*out, SEQC_PACKAGE_GPU_PREFIX, strlen(SEQC_PACKAGE_GPU_PREFIX)))
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects '%s' in folder %s, but got '%.80s'", where, key, SEQC_PACKAGE_GPU_PREFIX, *out);
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_version(const cJSON *item, const char *key, const char *where, rt_arena *arena, const char **out) {
  RT_TRY(rt_manifest_string(item, key, where, arena, out));
  return is_version(*out) ? SEQC_RT_OK : rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects a version like 8.0 as '%s', but got '%.40s'", where, key, *out);
}

static seqc_rt_status_t read_code(const cJSON *item, const char *where, rt_arena *arena, rt_gpu_code *g) {
  int64_t unused;
  const cJSON *checked;
  const char *ptxas;
  RT_TRY(read_file(item, "cubin", where, arena, &g->cubin));
  RT_TRY(read_file(item, "ptx", where, arena, &g->ptx));
  if (!g->cubin && !g->ptx)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects 'cubin' or 'ptx'", where);
  if (g->ptx)
    RT_TRY(read_version(item, "ptx_version", where, arena, &g->ptx_version));
  if (g->cubin) {
    RT_TRY(rt_json_int(item, "registers", where, 0, 255, &unused));
    RT_TRY(rt_json_int(item, "spill_bytes", where, 0, INT32_MAX, &unused));
  }
  RT_TRY(rt_json_find(item, "checked", where, &checked));
  return checked ? read_version(item, "checked", where, arena, &ptxas) : SEQC_RT_OK;
}

// How each param is passed: "ptr", "i32" or "i64" for an index, the dtype for a scalar.
static seqc_rt_status_t read_param_kinds(const cJSON *item, const char *where, rt_arena *arena, const rt_kernel *k, rt_gpu_code *g) {
  const cJSON *params;
  int count;
  RT_TRY(rt_json_array(item, "params", where, &params, &count));
  if (count != k->num_params)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects %d params as the kernel has, but got %d", where, k->num_params, count);
  uint8_t *bytes = rt_arena_alloc(arena, (size_t)count, 1);
  if (!bytes)
    return rt_no_memory("the manifest");
  g->param_bytes = bytes;
  int i = 0;
  for (const cJSON *p = params->child; p; p = p->next, ++i) {
    const rt_param *declared = &k->params[i];
    const char *kind = cJSON_IsString(p) ? p->valuestring : "";
    if (declared->kind == RT_PARAM_PTR)
      bytes[i] = strcmp(kind, "ptr") ? 0 : 8;
    else if (declared->kind == RT_PARAM_INDEX)
      bytes[i] = !strcmp(kind, "i64") ? 8 : !strcmp(kind, "i32") ? 4 : 0;
    else
      bytes[i] = strcmp(kind, declared->dtype->name) ? 0 : (uint8_t)declared->dtype->bytes;
    if (!bytes[i])
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: params[%d]: '%.20s' does not fit param '%.60s' of the kernel", where, i, kind, declared->name);
  }
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_block(const cJSON *item, const char *where, rt_gpu_code *g) {
  const cJSON *block;
  int count;
  RT_TRY(rt_json_array(item, "block", where, &block, &count));
  int64_t threads = 1, extent = 0;
  int i = 0;
  for (const cJSON *b = block->child; b && count == 3; b = b->next, ++i) {
    bool good = rt_json_is_int(b, &extent) && extent >= 1 && extent <= SEQC_PACKAGE_MAX_GPU_BLOCK;
    g->block[i] = good ? (int)extent : 0;
    threads *= g->block[i];
  }
  if (count != 3 || threads < 1 || threads > SEQC_PACKAGE_MAX_GPU_BLOCK || g->block[2] > 64)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects three extents >= 1 in 'block' with a product <= %d and z <= 64", where,
                   SEQC_PACKAGE_MAX_GPU_BLOCK);
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_launch_facts(const cJSON *item, const char *where, rt_arena *arena, const rt_kernel *k, rt_gpu_code *g) {
  int64_t shared, align = 1;
  const cJSON *value;
  RT_TRY(read_block(item, where, g));
  RT_TRY(rt_json_int(item, "shared_bytes", where, 0, SEQC_PACKAGE_MAX_GPU_SHARED_BYTES, &shared));
  g->shared_bytes = (int)shared;
  RT_TRY(rt_json_find(item, "align", where, &value));
  if (value)
    RT_TRY(rt_json_int(item, "align", where, 1, SEQC_PACKAGE_MAX_GPU_ALIGN, &align));
  if (align & (align - 1))
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects a power of two as 'align', but got %lld", where, (long long)align);
  g->align = (int)align;
  RT_TRY(rt_json_find(item, "grid", where, &value));
  if (value)
    return rt_manifest_read_grid(item, where, arena, k, g->grid);
  memcpy(g->grid, k->grid, sizeof g->grid);
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_target(const cJSON *item, const char *where, rt_arena *arena, rt_kernel *k) {
  rt_gpu_code *g = &k->gpu[k->num_gpu];
  if (!(g->target_name = rt_arena_strdup(arena, item->string)))
    return rt_no_memory("the manifest");
  RT_TRY(parse_target(where, g));
  for (int i = 0; i < k->num_gpu; ++i)
    if (!strcmp(k->gpu[i].target_name, g->target_name))
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects each target once", where);
  RT_TRY(rt_manifest_string(item, "entry", where, arena, &g->entry));
  RT_TRY(check_entry(where, g->entry));
  RT_TRY(read_code(item, where, arena, g));
  RT_TRY(read_param_kinds(item, where, arena, k, g));
  RT_TRY(read_launch_facts(item, where, arena, k, g));
  ++k->num_gpu;
  return SEQC_RT_OK;
}

static bool is_target(const cJSON *item) { return !strncmp(item->string, "sm_", 3); }

seqc_rt_status_t rt_manifest_read_gpu(const cJSON *item, const char *where, rt_arena *arena, rt_kernel *k) {
  int count = 0;
  for (const cJSON *g = item->child; g; g = g->next)
    count += is_target(g);
  if (count > SEQC_PACKAGE_MAX_GPU_TARGETS)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects at most %d GPU targets, but got %d", where, SEQC_PACKAGE_MAX_GPU_TARGETS, count);
  k->gpu = rt_arena_alloc(arena, (size_t)count, sizeof *k->gpu);
  if (!k->gpu)
    return rt_no_memory("the manifest");
  for (const cJSON *g = item->child; g; g = g->next) {
    char inner[128];
    snprintf(inner, sizeof inner, "%s[\"%.40s\"]", where, g->string);
    if (is_target(g))
      RT_TRY(read_target(g, inner, arena, k));
  }
  return SEQC_RT_OK;
}
