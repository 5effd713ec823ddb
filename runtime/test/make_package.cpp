// SPDX-License-Identifier: Apache-2.0
// Writes a test package to a file: make_package FILE [gpu].
#include "gpu_manifest.h"
#include <fstream>

int main(int argc, char **argv) {
  if (argc < 2 || argc > 3)
    return 2;
  std::ofstream file(argv[1], std::ios::binary);
  file << (argc == 3 ? seqc_rt_test::gpuPackage() : seqc_rt_test::standardPackage());
  return file.flush() ? 0 : 1;
}
