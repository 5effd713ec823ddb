// SPDX-License-Identifier: Apache-2.0
#include "safetensors.h"
#include <stdlib.h>
#include <string.h>

enum { kLengthBytes = 8 };

static const struct {
  const char *name;
  int bytes;
} kTypes[] = {{"BOOL", 1}, {"U8", 1},  {"I8", 1},   {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},
              {"BF16", 2}, {"I32", 4}, {"U32", 4},  {"F32", 4},     {"F64", 8},     {"I64", 8}, {"U64", 8}, {"C64", 8}};

static int element_bytes(const char *dtype) {
  for (int i = 0; i < RT_COUNT(kTypes); ++i)
    if (!strcmp(kTypes[i].name, dtype))
      return kTypes[i].bytes;
  return 0;
}

static seqc_rt_status_t read_shape(const cJSON *json, const char *what, rt_stored_tensor *t, rt_arena *arena, int64_t *bytes) {
  const cJSON *shape;
  RT_TRY(rt_json_array(json, "shape", what, &shape, &t->rank));
  if (t->rank > SEQC_PACKAGE_MAX_RANK)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: tensor '%.80s': expects rank <= %d, but got %d", what, t->name, SEQC_PACKAGE_MAX_RANK, t->rank);
  int64_t *dims = rt_arena_alloc(arena, (size_t)t->rank, sizeof *dims);
  if (!dims)
    return rt_no_memory("weight shapes");
  t->shape = dims;
  for (const cJSON *d = shape->child; d; d = d->next, ++dims)
    if (!rt_json_is_int(d, dims) || *dims < 0 || !rt_mul_i64(*bytes, *dims, bytes))
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: tensor '%.80s': expects a shape of sizes >= 0 whose product fits", what, t->name);
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_tensor(const cJSON *json, const char *what, const uint8_t *data, size_t size, rt_stored_tensor *t,
                                    rt_arena *arena) {
  const char *dtype;
  RT_TRY(rt_json_string(json, "dtype", what, &dtype));
  int64_t bytes = element_bytes(dtype), begin = -1, end = -1;
  if (bytes == 0)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: tensor '%.80s': unknown dtype '%.20s'", what, t->name, dtype);
  t->dtype = rt_arena_strdup(arena, dtype);
  if (!t->dtype)
    return rt_no_memory("weight names");
  RT_TRY(read_shape(json, what, t, arena, &bytes));
  const cJSON *offsets;
  int count;
  RT_TRY(rt_json_array(json, "data_offsets", what, &offsets, &count));
  if (count != 2 || !rt_json_is_int(offsets->child, &begin) || !rt_json_is_int(offsets->child->next, &end) || begin < 0 || end < begin ||
      (uint64_t)end > size || end - begin != bytes)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: tensor '%.80s': expects data_offsets inside %zu bytes that hold %lld bytes, but got %lld..%lld",
                   what, t->name, size, (long long)bytes, (long long)begin, (long long)end);
  t->data = data + begin;
  t->bytes = (size_t)bytes;
  return SEQC_RT_OK;
}

static int compare_names(const void *a, const void *b) {
  return strcmp(((const rt_stored_tensor *)a)->name, ((const rt_stored_tensor *)b)->name);
}

static int compare_addresses(const void *a, const void *b) {
  const rt_stored_tensor *x = a, *y = b;
  return x->data != y->data ? (x->data < y->data ? -1 : 1) : (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

static seqc_rt_status_t check_table(rt_safetensors *file, const char *what) {
  rt_stored_tensor *t = file->tensors;
  qsort(t, (size_t)file->count, sizeof *t, compare_addresses);
  for (int i = 1; i < file->count; ++i)
    if (t[i - 1].bytes > (size_t)(t[i].data - t[i - 1].data))
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: tensor '%.80s': expects data of its own, but it overlaps '%.80s'", what, t[i].name, t[i - 1].name);
  qsort(t, (size_t)file->count, sizeof *t, compare_names);
  for (int i = 1; i < file->count; ++i)
    if (!strcmp(t[i - 1].name, t[i].name))
      return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: tensor '%.80s': expects to occur once, but it is there twice", what, t[i].name);
  return SEQC_RT_OK;
}

static seqc_rt_status_t read_header(const cJSON *root, const char *what, const uint8_t *data, size_t size, rt_arena *arena,
                                    rt_safetensors *out) {
  if (!cJSON_IsObject(root))
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects an object as header", what);
  out->tensors = rt_arena_alloc(arena, (size_t)cJSON_GetArraySize(root), sizeof *out->tensors);
  if (!out->tensors)
    return rt_no_memory("the table of weights");
  for (const cJSON *item = root->child; item; item = item->next) {
    if (!strcmp(item->string, "__metadata__"))
      continue;
    rt_stored_tensor *t = &out->tensors[out->count++];
    t->name = rt_arena_strdup(arena, item->string);
    if (!t->name)
      return rt_no_memory("weight names");
    RT_TRY(read_tensor(item, what, data, size, t, arena));
  }
  return check_table(out, what);
}

seqc_rt_status_t rt_safetensors_read(const uint8_t *data, size_t size, const char *what, rt_arena *arena, rt_safetensors *out) {
  *out = (rt_safetensors){0};
  uint64_t length = 0;
  if (size < kLengthBytes)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects at least %d bytes, but got %zu", what, kLengthBytes, size);
  for (int i = 0; i < kLengthBytes; ++i)
    length |= (uint64_t)data[i] << (8 * i);
  if (length > size - kLengthBytes)
    return rt_fail(SEQC_RT_BAD_PACKAGE, "%s: expects a header inside %zu bytes, but its length is %llu", what, size, (unsigned long long)length);
  cJSON *root;
  RT_TRY(rt_json_parse((const char *)data + kLengthBytes, (size_t)length, what, &root));
  seqc_rt_status_t status = read_header(root, what, data + kLengthBytes + length, size - kLengthBytes - (size_t)length, arena, out);
  cJSON_Delete(root);
  return status;
}

const rt_stored_tensor *rt_safetensors_find(const rt_safetensors *file, const char *name) {
  rt_stored_tensor key = {.name = name};
  return file->count ? bsearch(&key, file->tensors, (size_t)file->count, sizeof key, compare_names) : NULL;
}
