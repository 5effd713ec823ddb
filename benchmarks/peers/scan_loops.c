// SPDX-License-Identifier: Apache-2.0
// The scans as C loops that a compiler vectorises over rows, on as many threads as asked: what compiled scans are held against. f32, [B, D, L].
//
//   clang -O3 -march=native -fno-math-errno -fveclib=libmvec scan_loops.c -o scan_loops -lpthread -lm -lmvec
//   scan_loops (linear | selective) ROWS L N THREADS SECONDS      prints the median of the times in milliseconds
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { kLanes = 32, kMaxStates = 64 };

struct Work {
  int selective;
  long rows, length, states, threads;
  float *a, *b, *h;                       // linear: coefficients, inputs, result
  float *u, *delta, *A, *B, *C, *D, *z;   // selective; y is h
};

static void linear(const struct Work *w, long first) {
  float state[kLanes] = {0};
  const float *a = w->a + first * w->length, *b = w->b + first * w->length;
  float *h = w->h + first * w->length;
  long length = w->length;
  for (long t = 0; t < length; ++t)
#pragma clang loop vectorize(assume_safety)
    for (int r = 0; r < kLanes; ++r) {
      state[r] = a[r * length + t] * state[r] + b[r * length + t];
      h[r * length + t] = state[r];
    }
}

static void selective(const struct Work *w, long first) {
  float state[kMaxStates][kLanes], rates[kMaxStates][kLanes];
  memset(state, 0, sizeof(state));
  long length = w->length, states = w->states;
  for (long n = 0; n < states; ++n)
    for (int r = 0; r < kLanes; ++r)
      rates[n][r] = w->A[(first + r) * states + n];
  const float *u = w->u + first * length, *delta = w->delta + first * length, *z = w->z + first * length;
  float *y = w->h + first * length;
  for (long t = 0; t < length; ++t) {
    float dt[kLanes], x[kLanes], sum[kLanes];
#pragma clang loop vectorize(assume_safety)
    for (int r = 0; r < kLanes; ++r) {
      float d = delta[r * length + t];
      dt[r] = d > 20 ? d : logf(1 + expf(d));
      x[r] = dt[r] * u[r * length + t];
      sum[r] = w->D[first + r] * u[r * length + t];
    }
    for (long n = 0; n < states; ++n) {
      float b = w->B[n * length + t], c = w->C[n * length + t];
#pragma clang loop vectorize(assume_safety)
      for (int r = 0; r < kLanes; ++r) {
        state[n][r] = expf(dt[r] * rates[n][r]) * state[n][r] + x[r] * b;
        sum[r] += state[n][r] * c;
      }
    }
#pragma clang loop vectorize(assume_safety)
    for (int r = 0; r < kLanes; ++r) {
      float gate = z[r * length + t];
      y[r * length + t] = sum[r] * gate / (1 + expf(-gate));
    }
  }
}

struct Share {
  const struct Work *work;
  long begin, end;
};

static void *run(void *argument) {
  const struct Share *s = argument;
  for (long row = s->begin; row < s->end; row += kLanes)
    s->work->selective ? selective(s->work, row) : linear(s->work, row);
  return NULL;
}

static float *values(long count, float low, float high, unsigned seed) {
  float *v = malloc(count * sizeof(float));
  for (long i = 0; i < count; ++i)
    v[i] = low + (high - low) * rand_r(&seed) / (float)RAND_MAX;
  return v;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static int ascending(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

int main(int argc, char **argv) {
  if (argc != 7) {
    fprintf(stderr, "usage: scan_loops (linear | selective) ROWS L N THREADS SECONDS\n");
    return 2;
  }
  struct Work w = {.selective = !strcmp(argv[1], "selective"), .rows = atol(argv[2]), .length = atol(argv[3]), .states = atol(argv[4]), .threads = atol(argv[5])};
  double budget = atof(argv[6]);
  if (w.rows % (kLanes * w.threads) || w.states > kMaxStates || w.threads > 64) {
    fprintf(stderr, "scan_loops: expects rows that are a multiple of %d for every thread, at most %d states and 64 threads\n", kLanes, kMaxStates);
    return 2;
  }
  long count = w.rows * w.length;
  w.h = values(count, 0, 0, 1);
  if (w.selective) {
    w.u = values(count, -1, 1, 1), w.delta = values(count, -1, 1, 2), w.z = values(count, -1, 1, 3), w.A = values(w.rows * w.states, -1, 0, 4);
    w.B = values(w.states * w.length, -1, 1, 5), w.C = values(w.states * w.length, -1, 1, 6), w.D = values(w.rows, -1, 1, 7);
  } else {
    w.a = values(count, -1, 1, 1), w.b = values(count, -1, 1, 2);
  }
  double times[4096], start = seconds();
  int runs = 0;
  while (runs < 3 || (runs < 4096 && seconds() - start < budget)) {
    pthread_t threads[64];
    struct Share shares[64];
    double begin = seconds();
    for (long i = 0; i < w.threads; ++i) {
      shares[i] = (struct Share){&w, w.rows / w.threads * i, w.rows / w.threads * (i + 1)};
      pthread_create(&threads[i], NULL, run, &shares[i]);
    }
    for (long i = 0; i < w.threads; ++i)
      pthread_join(threads[i], NULL);
    times[runs++] = seconds() - begin;
  }
  qsort(times, runs, sizeof(double), ascending);
  printf("%.6f\n", times[runs / 2] * 1e3);
  return 0;
}
