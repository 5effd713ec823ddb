// SPDX-License-Identifier: Apache-2.0
// Writes the seed inputs of package_fuzzer into a folder: make_corpus FOLDER.
#include "../runtime/test/gpu_manifest.h"
#include <filesystem>
#include <fstream>

using namespace seqc_rt_test;

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  std::filesystem::create_directories(argv[1]);
  auto write = [&](const char *name, char mode, const std::string &bytes) {
    std::ofstream(std::filesystem::path(argv[1]) / name, std::ios::binary) << mode << bytes;
  };
  auto members = standardMembers();
  members["cpu/kernels.so"] = "code"; // never loaded here; small seeds fuzz faster
  std::string package = makePackage(kStandardManifest, members);
  std::string weights = makeSafetensors({{"w", "F32", {6}, std::string(24, 'w')}, {"v", "BOOL", {2, 0}, ""}});
  write("package", 0, package);
  write("package_weights", 1, package);
  auto gpu = gpuMembers();
  gpu["cpu/kernels.so"] = "code";
  write("gpu", 0, makePackage(kGpuManifest, gpu));
  write("manifest", 2, replaced(kStandardManifest, "\"schema\": 1,", "\"schema\": 1, \"files\": {},"));
  write("safetensors", 3, weights);
  write("zip", 0, makeZip({{"a", "1"}, {"b/c", "2"}}));
  return 0;
}
