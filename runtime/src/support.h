// SPDX-License-Identifier: Apache-2.0
// Base of the runtime: errors, allocation with a test hook, an arena, checked arithmetic.
#ifndef SEQC_RT_SUPPORT_H
#define SEQC_RT_SUPPORT_H

#include "seqc_rt/package_format.h"
#include "seqc_rt/seqc_rt.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RT_COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

// Leaves the enclosing function with the status of a failed call.
#define RT_TRY(call)                                                                                                                       \
  do {                                                                                                                                     \
    seqc_rt_status_t rt_try_status = (call);                                                                                               \
    if (rt_try_status != SEQC_RT_OK)                                                                                                       \
      return rt_try_status;                                                                                                                \
  } while (0)

// Sets this thread's message and returns `status`.
seqc_rt_status_t rt_fail(seqc_rt_status_t status, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Puts "prefix: " in front of this thread's message and returns `status`.
seqc_rt_status_t rt_prefix(seqc_rt_status_t status, const char *format, ...) __attribute__((format(printf, 2, 3)));
seqc_rt_status_t rt_no_memory(const char *what);

// If set, every allocation asks this first; false makes it fail. Tests only; not synchronised.
extern bool (*rt_alloc_hook)(size_t bytes);
void *rt_calloc(size_t count, size_t size);         // NULL on overflow or exhaustion; count * size 0 gives a valid pointer
void *rt_aligned_alloc(size_t bytes);               // SEQC_PACKAGE_ALIGN; not cleared
void rt_free(void *p);

// Bump allocator: one owner, freed as a whole. Zeroed memory, 16-byte aligned.
typedef struct rt_arena {
  struct rt_arena_block *blocks;
  size_t used, capacity;
} rt_arena;
void *rt_arena_alloc(rt_arena *arena, size_t count, size_t size); // NULL on overflow or exhaustion
char *rt_arena_strdup(rt_arena *arena, const char *text);
void rt_arena_free(rt_arena *arena);

static inline bool rt_mul_i64(int64_t a, int64_t b, int64_t *out) { return !__builtin_mul_overflow(a, b, out); }
static inline bool rt_add_i64(int64_t a, int64_t b, int64_t *out) { return !__builtin_add_overflow(a, b, out); }

// Element types of the format.
typedef struct {
  const char *name, *safetensors_name; // "": not in the format
  uint8_t code, bits; // DLPack
  int bytes;
} rt_dtype;
enum { RT_DL_BOOL = 6 }; // kDLBool of DLPack 0.8; Debian's header is older
const rt_dtype *rt_dtype_find(const char *name); // NULL if unknown
const rt_dtype *rt_dtype_part(const rt_dtype *dtype); // of the parts of complex numbers; others themselves
bool rt_dtype_accepts(const rt_dtype *dtype, DLDataType actual);

#ifdef __cplusplus
}
#endif

#endif
