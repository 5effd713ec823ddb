// SPDX-License-Identifier: Apache-2.0
// Kernels of the test packages, in the ABI of docs/spec/package.md. Built without the C library, as generated code is.
#include <stdint.h>

#define KERNEL(name) __attribute__((visibility("default"))) void name(const void *const *args, int64_t begin, int64_t end, void *scratch)

enum { kBlock = 64 };

static int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }

// y[i] = a[i] + b[i]; params a, b, y, N; program t covers kBlock elements. Does nothing if a pointer is not aligned to its elements.
KERNEL(test_add) {
  const float *a = args[0], *b = args[1];
  float *y = (float *)args[2];
  int64_t n = *(const int64_t *)args[3];
  (void)scratch;
  if (((uintptr_t)a | (uintptr_t)b | (uintptr_t)y) % sizeof(float))
    return;
  for (int64_t i = begin * kBlock; i < min(end * kBlock, n); ++i)
    y[i] = a[i] + b[i];
}

// y[i] = s * x[i]; params x, y, N, s.
KERNEL(test_scale) {
  const float *x = args[0];
  float *y = (float *)args[1];
  int64_t n = *(const int64_t *)args[2];
  float s = *(const float *)args[3];
  (void)scratch;
  for (int64_t i = begin * kBlock; i < min(end * kBlock, n); ++i)
    y[i] = s * x[i];
}

// y[t] = t if the scratch space kept what this program wrote into it, else -1; params y, X, Y, Z (grid X x Y x Z); 4104 bytes of scratch (no multiple of 64).
KERNEL(test_scratch) {
  int64_t *y = (int64_t *)args[0];
  volatile int64_t *s = scratch;
  for (int64_t t = begin; t < end; ++t) {
    for (int64_t i = 0; i < 512; ++i)
      s[i] = t * 1000 + i;
    int64_t good = ((uintptr_t)scratch % 64) == 0;
    for (int64_t i = 0; i < 512; ++i)
      good &= s[i] == t * 1000 + i;
    y[t] = good ? t : -1;
  }
}

// y[t] = the address of the scratch space; params y, X, Y, Z.
KERNEL(test_scratch_address) {
  int64_t *y = (int64_t *)args[0];
  for (int64_t t = begin; t < end; ++t)
    y[t] = (int64_t)(uintptr_t)scratch;
}

// y[t] += 1 per run of program t, and some work; params y, N.
KERNEL(test_count) {
  int32_t *y = (int32_t *)args[0];
  (void)scratch;
  for (int64_t t = begin; t < end; ++t)
    y[t] += 1;
}

// Writes the bytes of its scalars: y[0..] = f16, bf16, f32, f64, i1, i8, i32, i64 as int64 bits; params y, then one scalar of each dtype.
KERNEL(test_scalars) {
  int64_t *y = (int64_t *)args[0];
  (void)begin, (void)end, (void)scratch;
  y[0] = *(const uint16_t *)args[1];
  y[1] = *(const uint16_t *)args[2];
  y[2] = *(const uint32_t *)args[3];
  y[3] = *(const int64_t *)args[4];
  y[4] = *(const uint8_t *)args[5];
  y[5] = *(const int8_t *)args[6];
  y[6] = *(const int32_t *)args[7];
  y[7] = *(const int64_t *)args[8];
}

// y[0] = x[0] * 0.5: not 0 for the smallest normal number, unless denormals are flushed; params x, y, N. All programs write y[t].
KERNEL(test_denormal) {
  const volatile float *x = args[0];
  float *y = (float *)args[1];
  (void)scratch;
  for (int64_t t = begin; t < end; ++t)
    y[t] = x[0] * 0.5f;
}

// y[t] = x[t] for 16-bit elements; params x, y, N.
KERNEL(test_copy16) {
  const uint16_t *x = args[0];
  uint16_t *y = (uint16_t *)args[1];
  (void)scratch;
  for (int64_t t = begin; t < end; ++t)
    y[t] = x[t];
}
