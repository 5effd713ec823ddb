// SPDX-License-Identifier: Apache-2.0
// libFuzzer target for everything that reads a package. The first byte chooses the parser, so that the fuzzer need not find digests and zip
// structures by chance: a whole package, a whole package without weight digests, a manifest alone, a safetensors file alone.
#include "../runtime/test/exercise.h"
#include "manifest.h"
#include "safetensors.h"
#include <stdlib.h>

static void whole_package(const uint8_t *data, size_t size, seqc_rt_verify_t verify) {
  seqc_rt_open_options_t options = SEQC_RT_OPEN_OPTIONS_INIT;
  options.inspect_only = 1;
  options.verify = verify;
  seqc_rt_package_t *pkg;
  if (seqc_rt_package_open_memory(data, size, &options, &pkg) == SEQC_RT_OK)
    exercise_package(pkg);
  seqc_rt_package_close(pkg);
}

static void manifest(const uint8_t *data, size_t size) {
  rt_arena arena = {0};
  rt_manifest m;
  rt_manifest_read((const char *)data, size, &arena, &m);
  rt_arena_free(&arena);
}

static void safetensors(const uint8_t *data, size_t size) {
  rt_arena arena = {0};
  rt_safetensors file;
  if (rt_safetensors_read(data, size, "fuzz", &arena, &file) == SEQC_RT_OK)
    for (int i = 0; i < file.count; ++i) // reads every byte it points at
      for (size_t b = 0; b < file.tensors[i].bytes; ++b)
        if (((const volatile uint8_t *)file.tensors[i].data)[b] == 0 && file.tensors[i].rank < 0)
          abort();
  rt_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  const uint8_t *rest = data + 1;
  switch (data[0] % 4) {
  case 0:
    whole_package(rest, size - 1, SEQC_RT_VERIFY_ALL);
    break;
  case 1:
    whole_package(rest, size - 1, SEQC_RT_VERIFY_CODE);
    break;
  case 2:
    manifest(rest, size - 1);
    break;
  default:
    safetensors(rest, size - 1);
    break;
  }
  return 0;
}
