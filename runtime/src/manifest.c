// SPDX-License-Identifier: Apache-2.0
// Manifest: top level, files, CPU section, weights.
#include "manifest.h"
#include <stdio.h>
#include <string.h>

seqc_rt_status_t rt_manifest_string(const cJSON *object, const char *key, const char *where, rt_arena *arena, const char **out) {
  const char *text;
  RT_TRY(rt_json_string(object, key, where, &text));
  *out = rt_arena_strdup(arena, text);
  return *out ? SEQC_RT_OK : rt_no_memory("the manifest");
}

seqc_rt_status_t rt_manifest_dtype(const cJSON *object, const char *where, const rt_dtype **out) {
  const char *name;
  RT_TRY(rt_json_string(object, "dtype", where, &name));
  *out = rt_dtype_find(name);
  return *out ? SEQC_RT_OK : rt_fail(SEQC_RT_BAD_PACKAGE, "%s: unknown dtype '%.20s'", where, name);
}

static int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

static bool parse_hex(const char *text, uint8_t *bytes, size_t count) {
  if (strlen(text) != 2 * count)
    return false;
  for (size_t i = 0; i < count; ++i) {
    int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0)
      return false;
    bytes[i] = (uint8_t)(high << 4 | low);
  }
  return true;
}

static seqc_rt_status_t read_files(const cJSON *root, rt_arena *arena, rt_manifest *out) {
  const cJSON *files;
  RT_TRY(rt_json_find(root, "files", "seqc.json", &files));
  if (!cJSON_IsObject(files))
    return rt_fail(SEQC_RT_BAD_PACKAGE, "seqc.json: expects an object 'files'");
  int count = cJSON_GetArraySize(files);
  if (count > SEQC_PACKAGE_MAX_MEMBERS)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "seqc.json: expects at most %d files", SEQC_PACKAGE_MAX_MEMBERS);
  out->files = rt_arena_alloc(arena, (size_t)count, sizeof *out->files);
  if (!out->files)
    return rt_no_memory("the manifest");
  for (const cJSON *item = files->child; item; item = item->next) {
    rt_file *f = &out->files[out->num_files++];
    char where[320];
    snprintf(where, sizeof where, "seqc.json: files[\"%.255s\"]", item->string);
    int64_t bytes;
    const char *digest;
    RT_TRY(rt_json_int(item, "bytes", where, 0, SEQC_PACKAGE_MAX_INT, &bytes));
    RT_TRY(rt_json_string(item, "sha256", where, &digest));
    f->bytes = (size_t)bytes;
    if (!parse_hex(digest, f->sha256, sizeof f->sha256))
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects 64 lower-case hex digits as 'sha256'", where);
    if (!(f->path = rt_arena_strdup(arena, item->string)))
      return rt_no_memory("the manifest");
  }
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_cpu(const cJSON *root, rt_arena *arena, rt_manifest *out) {
  const char *where = "seqc.json: cpu";
  const cJSON *cpu, *features;
  int count;
  RT_TRY(rt_json_find(root, "cpu", "seqc.json", &cpu));
  if (!cpu)
    return SEQC_RT_OK;
  RT_TRY(rt_manifest_string(cpu, "library", where, arena, &out->cpu_library));
  RT_TRY(rt_manifest_string(cpu, "triple", where, arena, &out->cpu_triple));
  RT_TRY(rt_json_array(cpu, "features", where, &features, &count));
  out->cpu_features = rt_arena_alloc(arena, (size_t)count, sizeof *out->cpu_features);
  if (!out->cpu_features)
    return rt_no_memory("the manifest");
  for (const cJSON *item = features->child; item; item = item->next) {
    if (!cJSON_IsString(item))
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects strings in 'features'", where);
    if (!(out->cpu_features[out->num_cpu_features++] = rt_arena_strdup(arena, item->valuestring)))
      return rt_no_memory("the manifest");
  }
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_weight(const cJSON *item, const char *where, rt_arena *arena, rt_weight *w) {
  const cJSON *shape;
  RT_TRY(rt_manifest_string(item, "name", where, arena, &w->name));
  RT_TRY(rt_manifest_string(item, "file", where, arena, &w->file));
  RT_TRY(rt_manifest_dtype(item, where, &w->dtype));
  RT_TRY(rt_json_array(item, "shape", where, &shape, &w->rank));
  if (w->rank > SEQC_PACKAGE_MAX_RANK)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects rank <= %d, but got %d", where, SEQC_PACKAGE_MAX_RANK, w->rank);
  int64_t *dims = rt_arena_alloc(arena, (size_t)w->rank, sizeof *dims);
  if (!dims)
    return rt_no_memory("the manifest");
  w->shape = dims;
  for (const cJSON *d = shape->child; d; d = d->next, ++dims)
    if (!rt_json_is_int(d, dims) || *dims < 0)
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects sizes >= 0 in 'shape'", where);
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_weights(const cJSON *root, rt_arena *arena, rt_manifest *out) {
  const cJSON *weights;
  int count;
  RT_TRY(rt_json_optional_array(root, "weights", "seqc.json", &weights, &count));
  out->weights = rt_arena_alloc(arena, (size_t)count, sizeof *out->weights);
  if (!out->weights)
    return rt_no_memory("the manifest");
  for (const cJSON *item = weights ? weights->child : NULL; item; item = item->next) {
    char where[64];
    snprintf(where, sizeof where, "seqc.json: weights[%d]", out->num_weights);
    RT_TRY(read_weight(item, where, arena, &out->weights[out->num_weights++]));
  }
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_root(const cJSON *root, rt_arena *arena, rt_manifest *out) {
  int64_t schema;
  RT_TRY(rt_json_int(root, "schema", "seqc.json", 1, SEQC_PACKAGE_MAX_INT, &schema));
  if (schema > SEQC_PACKAGE_SCHEMA)
    return rt_fail(SEQC_RT_UNSUPPORTED, "seqc.json: expects schema <= %d, but got %lld; use a newer runtime", SEQC_PACKAGE_SCHEMA,
                   (long long)schema);
  RT_TRY(read_files(root, arena, out));
  RT_TRY(read_cpu(root, arena, out));
  RT_TRY(rt_manifest_read_kernels(root, arena, out));
  RT_TRY(read_weights(root, arena, out));
  return rt_manifest_read_functions(root, arena, out);
}

seqc_rt_status_t rt_manifest_read(const char *text, size_t size, rt_arena *arena, rt_manifest *out) {
  *out = (rt_manifest){0};
  cJSON *root;
  RT_TRY(rt_json_parse(text, size, SEQC_PACKAGE_MANIFEST, &root));
  seqc_rt_status_t status = read_root(root, arena, out);
  cJSON_Delete(root);
  return status;
}
