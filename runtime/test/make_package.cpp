// SPDX-License-Identifier: Apache-2.0
// Writes the standard test package to a file: make_package FILE.
#include "package_builder.h"
#include <fstream>

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  std::ofstream file(argv[1], std::ios::binary);
  file << seqc_rt_test::standardPackage();
  return file.flush() ? 0 : 1;
}
