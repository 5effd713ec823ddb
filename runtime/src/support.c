// SPDX-License-Identifier: Apache-2.0
#include "support.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kMessageBytes = 1024, kArenaBlockBytes = 16 << 10 };

static _Thread_local char message[kMessageBytes];

const char *seqc_rt_last_error(void) { return message; }

seqc_rt_status_t rt_fail(seqc_rt_status_t status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  return status;
}

seqc_rt_status_t rt_prefix(seqc_rt_status_t status, const char *format, ...) {
  char old[kMessageBytes];
  memcpy(old, message, sizeof old);
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  size_t n = strlen(message);
  snprintf(message + n, sizeof message - n, ": %s", old);
  return status;
}

seqc_rt_status_t rt_no_memory(const char *what) {
  return rt_fail(SEQC_RT_OUT_OF_MEMORY, "out of memory for %s; free memory or use smaller sizes", what);
}

static const char *const kStatusNames[] = {
    "SEQC_RT_OK",          "SEQC_RT_INVALID_ARGUMENT", "SEQC_RT_NOT_FOUND",       "SEQC_RT_IO_ERROR",
    "SEQC_RT_BAD_PACKAGE", "SEQC_RT_DIGEST_MISMATCH",  "SEQC_RT_UNSUPPORTED",     "SEQC_RT_OUT_OF_MEMORY",
    "SEQC_RT_TENSOR_MISMATCH", "SEQC_RT_CONSTRAINT_VIOLATED", "SEQC_RT_SIZE_OVERFLOW", "SEQC_RT_DEVICE_ERROR"};

const char *seqc_rt_status_name(seqc_rt_status_t status) {
  return (unsigned)status < (unsigned)RT_COUNT(kStatusNames) ? kStatusNames[status] : "SEQC_RT_UNKNOWN";
}

const char *seqc_rt_version(void) { return SEQC_RT_VERSION_STRING; }

// --- Memory ---------------------------------------------------------------------------------------------------------------------------

bool (*rt_alloc_hook)(size_t bytes);

void *rt_calloc(size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX || (rt_alloc_hook && !rt_alloc_hook(bytes)))
    return NULL;
  return calloc(1, bytes ? bytes : 1);
}

void *rt_aligned_alloc(size_t bytes) {
  if (bytes > PTRDIFF_MAX - SEQC_PACKAGE_ALIGN || (rt_alloc_hook && !rt_alloc_hook(bytes)))
    return NULL;
  void *p = NULL;
  return posix_memalign(&p, SEQC_PACKAGE_ALIGN, bytes ? bytes : 1) ? NULL : p;
}

void rt_free(void *p) { free(p); }

struct rt_arena_block {
  struct rt_arena_block *next;
  size_t padding; // keeps data[] 16-byte aligned
  char data[];
};

void *rt_arena_alloc(rt_arena *arena, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX / 2)
    return NULL;
  bytes = (bytes + 15) & ~(size_t)15;
  if (!arena->blocks || arena->capacity - arena->used < bytes) {
    size_t capacity = bytes > kArenaBlockBytes ? bytes : kArenaBlockBytes;
    struct rt_arena_block *block = rt_calloc(1, sizeof *block + capacity);
    if (!block)
      return NULL;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->used = 0;
    arena->capacity = capacity;
  }
  void *p = arena->blocks->data + arena->used;
  arena->used += bytes;
  return p;
}

char *rt_arena_strdup(rt_arena *arena, const char *text) {
  size_t n = strlen(text) + 1;
  char *copy = rt_arena_alloc(arena, n, 1);
  return copy ? memcpy(copy, text, n) : NULL;
}

void rt_arena_free(rt_arena *arena) {
  while (arena->blocks) {
    struct rt_arena_block *next = arena->blocks->next;
    rt_free(arena->blocks);
    arena->blocks = next;
  }
  *arena = (rt_arena){0};
}

// --- Element types --------------------------------------------------------------------------------------------------------------------

static const rt_dtype kDtypes[] = {{"f32", "F32", kDLFloat, 32, 4}, {"f16", "F16", kDLFloat, 16, 2}, {"bf16", "BF16", kDLBfloat, 16, 2},
                                   {"f64", "F64", kDLFloat, 64, 8}, {"i1", "BOOL", RT_DL_BOOL, 8, 1}, {"i8", "I8", kDLInt, 8, 1},
                                   {"i32", "I32", kDLInt, 32, 4},   {"i64", "I64", kDLInt, 64, 8},  {"c64", "C64", kDLComplex, 64, 8},
                                   {"c128", "", kDLComplex, 128, 16}};

const rt_dtype *rt_dtype_find(const char *name) {
  for (int i = 0; i < RT_COUNT(kDtypes); ++i)
    if (!strcmp(kDtypes[i].name, name))
      return &kDtypes[i];
  return NULL;
}

const rt_dtype *rt_dtype_part(const rt_dtype *dtype) {
  return dtype->code != kDLComplex ? dtype : rt_dtype_find(dtype->bits == 64 ? "f32" : "f64");
}

bool rt_dtype_accepts(const rt_dtype *dtype, DLDataType actual) {
  if (actual.lanes != 1 || actual.bits != dtype->bits)
    return false;
  return actual.code == dtype->code || (dtype->code == RT_DL_BOOL && actual.code == kDLUInt);
}
