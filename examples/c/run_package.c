// SPDX-License-Identifier: Apache-2.0
// Loads a package, fills the inputs of one function with a simple pattern, runs it and prints the first values of each output.
//
//   run_package model.seqc main B=2 L=64            on the CPU
//   run_package model.seqc main B=2 L=64 cuda=0     on the first GPU
//
// Build:  cc run_package.c -I<seqc>/runtime/include -lseqc_rt -o run_package
// Every call of the runtime returns a status; the message of the last failure on this thread is seqc_rt_last_error().
#include <seqc_rt/seqc_rt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kMaxTensors = 64, kMaxRank = 32, kShown = 8 };

// A tensor with its own memory. The runtime takes plain DLTensors: row-major, contiguous, any alignment that fits the element type.
typedef struct {
  DLTensor dl;
  int64_t shape[kMaxRank];
} tensor;

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, seqc_rt_last_error());
  return 1;
}

static size_t num_elements(const tensor *t) {
  size_t n = 1;
  for (int i = 0; i < t->dl.ndim; ++i)
    n *= (size_t)t->shape[i];
  return n;
}

static int allocate(tensor *t) {
  t->dl.device = (DLDevice){kDLCPU, 0};
  t->dl.shape = t->shape;
  size_t bytes = num_elements(t) * (t->dl.dtype.bits / 8);
  t->dl.data = calloc(1, bytes ? bytes : 1);
  return t->dl.data ? 0 : 1;
}

// Value of a name on the command line ("L=64"), or `otherwise`.
static int64_t named_value(const char *name, int64_t otherwise, int argc, char **argv) {
  size_t n = strlen(name);
  for (int i = 0; i < argc; ++i)
    if (!strncmp(argv[i], name, n) && argv[i][n] == '=')
      return atoll(argv[i] + n + 1);
  return otherwise;
}

// 0, 1/8, 2/8, ... for f32, small counters for integers; other dtypes stay zero.
static void fill(tensor *t) {
  for (size_t i = 0; i < num_elements(t); ++i) {
    if (t->dl.dtype.code == kDLFloat && t->dl.dtype.bits == 32)
      ((float *)t->dl.data)[i] = (float)(i % 16) / 8.0f;
    else if (t->dl.dtype.code == kDLInt && t->dl.dtype.bits == 32)
      ((int32_t *)t->dl.data)[i] = (int32_t)(i % 4);
    else if (t->dl.dtype.code == kDLInt && t->dl.dtype.bits == 64)
      ((int64_t *)t->dl.data)[i] = (int64_t)(i % 4);
  }
}

static void print(const char *name, const tensor *t) {
  printf("%s [", name);
  for (int i = 0; i < t->dl.ndim; ++i)
    printf("%s%lld", i ? "," : "", (long long)t->shape[i]);
  printf("]:");
  size_t n = num_elements(t);
  for (size_t i = 0; i < n && i < kShown; ++i) {
    if (t->dl.dtype.code == kDLFloat && t->dl.dtype.bits == 32)
      printf(" %g", ((const float *)t->dl.data)[i]);
    else if (t->dl.dtype.code == kDLInt && t->dl.dtype.bits == 64)
      printf(" %lld", (long long)((const int64_t *)t->dl.data)[i]);
    else if (t->dl.dtype.code == kDLInt && t->dl.dtype.bits == 32)
      printf(" %d", ((const int32_t *)t->dl.data)[i]);
    else
      printf(" 0x%02x..", ((const unsigned char *)t->dl.data)[i * t->dl.dtype.bits / 8]);
  }
  printf("%s\n", n > kShown ? " ..." : "");
}

// Runs `fn` on freshly allocated tensors. The caller frees their data.
static int run(const seqc_rt_function_t *fn, tensor *inputs, tensor *outputs, int argc, char **argv) {
  int num_inputs = seqc_rt_function_num_inputs(fn), num_outputs = seqc_rt_function_num_outputs(fn);
  DLTensor *in[kMaxTensors], *out[kMaxTensors];
  if (num_inputs > kMaxTensors || num_outputs > kMaxTensors)
    return fprintf(stderr, "more than %d tensors\n", kMaxTensors), 1;

  // Inputs: a declared extent is a number, or the name of a dim whose value the caller chooses.
  for (int i = 0; i < num_inputs; ++i) {
    const seqc_rt_tensor_info_t *info = seqc_rt_function_input(fn, i);
    inputs[i].dl.dtype = info->dtype;
    inputs[i].dl.ndim = info->rank;
    for (int d = 0; d < info->rank; ++d)
      inputs[i].shape[d] = info->dims[d].size >= 0 ? info->dims[d].size : named_value(info->dims[d].text, 1, argc, argv);
    if (allocate(&inputs[i]))
      return fprintf(stderr, "out of memory\n"), 1;
    fill(&inputs[i]);
    in[i] = &inputs[i].dl;
  }

  // Outputs: the runtime writes dtype, rank and shape; the caller allocates.
  for (int i = 0; i < num_outputs; ++i) {
    outputs[i].dl.shape = outputs[i].shape;
    out[i] = &outputs[i].dl;
  }
  if (seqc_rt_function_infer_shapes(fn, in, num_inputs, out, num_outputs))
    return fail("shapes");
  for (int i = 0; i < num_outputs; ++i)
    if (allocate(&outputs[i]))
      return fprintf(stderr, "out of memory\n"), 1;

  // No workspace given: the runtime keeps its own. No stream: none on the CPU, the default stream on a GPU. These tensors are in CPU memory; a package on
  // a GPU copies them there and back, and takes tensors in device memory as they are.
  if (seqc_rt_function_call(fn, in, num_inputs, out, num_outputs, NULL, 0, NULL))
    return fail("call");
  for (int i = 0; i < num_outputs; ++i)
    print(seqc_rt_function_output(fn, i)->name, &outputs[i]);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s PACKAGE FUNCTION [DIM=SIZE ...] [cuda=N]\n", argv[0]);
    return 2;
  }
  seqc_rt_package_t *package;
  seqc_rt_open_options_t options = SEQC_RT_OPEN_OPTIONS_INIT; // CPU, all threads, all digests checked
  int32_t gpu = (int32_t)named_value("cuda", -1, argc, argv);
  if (gpu >= 0)
    options.device = (seqc_rt_device_t){SEQC_RT_CUDA, gpu};
  if (seqc_rt_package_open(argv[1], &options, &package))
    return fail("open");

  int status;
  const seqc_rt_function_t *fn;
  static tensor inputs[kMaxTensors], outputs[kMaxTensors];
  if (seqc_rt_package_find_function(package, argv[2], &fn))
    status = fail("function");
  else
    status = run(fn, inputs, outputs, argc - 3, argv + 3);

  for (int i = 0; i < kMaxTensors; ++i) {
    free(inputs[i].dl.data);
    free(outputs[i].dl.data);
  }
  seqc_rt_package_close(package);
  return status;
}
