// SPDX-License-Identifier: Apache-2.0
#include "gpu_manifest.h"
#include <cstring>
#include <elf.h>

namespace seqc_rt_test {

const char *const kGpuManifest = R"json({
  "schema": 1,
  "kernels": [
    {"name": "add", "params": [{"name": "a", "kind": "ptr", "dtype": "f32", "access": "read"}, {"name": "b", "kind": "ptr", "dtype": "f32", "access": "read"},
                               {"name": "y", "kind": "ptr", "dtype": "f32", "access": "write"}, {"name": "N", "kind": "index"}],
     "grid": [["ceildiv", "N", 64]],
     "sm_90a": {"entry": "test_add", "cubin": "kernels/add.cubin", "ptx": "kernels/add.ptx", "ptx_version": "8.0",
              "params": ["ptr", "ptr", "ptr", "i64"], "grid": [["ceildiv", "N", 128]], "block": [128, 1, 1], "shared_bytes": 0, "registers": 12,
              "spill_bytes": 0, "checked": "13.4.92"}},
    {"name": "scale", "params": [{"name": "x", "kind": "ptr", "dtype": "f32", "access": "read"}, {"name": "y", "kind": "ptr", "dtype": "f32", "access": "write"},
                                 {"name": "N", "kind": "index"}, {"name": "s", "kind": "scalar", "dtype": "f32"}],
     "grid": [["ceildiv", "N", 64]],
     "sm_90a": {"entry": "test_scale", "cubin": "kernels/add.cubin", "params": ["ptr", "ptr", "i32", "f32"], "block": [64, 1, 1],
              "shared_bytes": 100000, "registers": 255, "spill_bytes": 0, "align": 16},
     "sm_80": {"entry": "test_scale", "ptx": "kernels/scale.ptx", "ptx_version": "7.0", "params": ["ptr", "ptr", "i64", "f32"],
              "block": [64, 1, 1], "shared_bytes": 0}},
    {"name": "wide", "params": [{"name": "y", "kind": "ptr", "dtype": "f32", "access": "write"}, {"name": "P", "kind": "index"}, {"name": "Q", "kind": "index"}],
     "grid": ["P", "Q", "sms"],
     "sm_90a": {"entry": "test_wide", "cubin": "kernels/wide.cubin", "params": ["ptr", "i32", "i64"], "block": [32, 2, 1],
              "shared_bytes": 0, "registers": 8, "spill_bytes": 0}},
    {"name": "cpu_only", "params": [{"name": "y", "kind": "ptr", "dtype": "f32", "access": "write"}, {"name": "N", "kind": "index"}],
     "grid": ["N"], "cpu": {"symbol": "test_count", "scratch_bytes": 0}}
  ],
  "cpu": {"library": "cpu/kernels.so", "triple": "x86_64-unknown-linux-gnu", "features": ["sse2"]},
  "weights": [{"name": "w", "file": "weights/model.safetensors", "dtype": "f32", "shape": [6]},
              {"name": "v", "file": "weights/model.safetensors", "dtype": "f32", "shape": [5]}],
  "functions": [
    {"name": "main", "dims": ["B"],
     "inputs": [{"name": "x", "dtype": "f32", "shape": ["B", 6]}, {"name": "bias", "dtype": "f32", "shape": ["B", 6]}],
     "outputs": [{"name": "y", "dtype": "f32", "shape": ["B", 6]}],
     "workspace_bytes": ["mul", ["ceildiv", ["mul", "B", 24], 64], 64],
     "launches": [[{"guard": 1, "kernel": 0, "args": [{"input": 0}, {"input": 1}, {"workspace": 0}, {"expr": ["mul", "B", 6]}]}],
                  [{"guard": 1, "kernel": 1, "args": [{"workspace": 0}, {"output": 0}, {"expr": ["mul", "B", 6]}, {"value": 0.5}]}]]},
    {"name": "step", "dims": [],
     "inputs": [{"name": "state", "dtype": "f32", "shape": [6]}], "outputs": [{"name": "next", "dtype": "f32", "shape": [6]}], "workspace_bytes": 0,
     "launches": [[{"guard": 1, "kernel": 0, "args": [{"input": 0}, {"weight": 0}, {"output": 0}, {"expr": 6}]}]]},
    {"name": "wide", "dims": ["P", "Q"], "inputs": [{"name": "s", "dtype": "i1", "shape": ["P", "Q"]}],
     "outputs": [{"name": "y", "dtype": "f32", "shape": [1]}], "workspace_bytes": 0,
     "launches": [[{"guard": 1, "kernel": 2, "args": [{"output": 0}, {"expr": ["mul", "P", 1000]}, {"expr": "Q"}]}]]},
    {"name": "cpu", "dims": ["N"], "inputs": [{"name": "x", "dtype": "f32", "shape": ["N"]}], "outputs": [{"name": "y", "dtype": "f32", "shape": ["N"]}],
     "workspace_bytes": 0, "launches": [[{"guard": 1, "kernel": 3, "args": [{"output": 0}, {"expr": "N"}]}]],
     "plans": {"sm_90a": {"workspace_bytes": 0, "launches": [[{"guard": 1, "kernel": 1, "args": [{"input": 0}, {"output": 0}, {"expr": "N"}, {"value": 4}]}]]}}},
    {"name": "twice", "dims": ["N"], "inputs": [{"name": "x", "dtype": "f32", "shape": ["N"]}], "outputs": [{"name": "y", "dtype": "f32", "shape": ["N"]}],
     "workspace_bytes": ["mul", ["ceildiv", ["mul", "N", 4], 64], 64],
     "launches": [[{"guard": 1, "kernel": 1, "args": [{"input": 0}, {"workspace": 0}, {"expr": "N"}, {"value": 2}]}],
                  [{"guard": 1, "kernel": 0, "args": [{"workspace": 0}, {"input": 0}, {"output": 0}, {"expr": "N"}]}]]},
    {"name": "nothing", "dims": ["N"], "inputs": [{"name": "x", "dtype": "f32", "shape": ["N"]}], "outputs": [{"name": "y", "dtype": "f32", "shape": ["N"]}],
     "workspace_bytes": 0, "launches": [[{"guard": 1, "kernel": 3, "args": [{"output": 0}, {"expr": "N"}]}]]}
  ]
})json";

const char *const kEntries = "// entry test_add 8 8 8 8\n// entry test_scale 8 8 4 4\n";

std::string fakeCubin(int sm, const std::string &entries) {
  Elf64_Ehdr e{};
  memcpy(e.e_ident, ELFMAG, SELFMAG);
  e.e_ident[EI_CLASS] = ELFCLASS64;
  e.e_ident[EI_DATA] = ELFDATA2LSB;
  e.e_ident[EI_ABIVERSION] = 8;
  e.e_machine = 190;
  e.e_flags = static_cast<uint32_t>(sm << 8 | 0x06000004);
  e.e_shentsize = sizeof(Elf64_Shdr);
  return std::string(reinterpret_cast<const char *>(&e), sizeof e) + entries;
}

std::map<std::string, std::string> gpuMembers() {
  return {{"cpu/kernels.so", testKernels()},
          {"kernels/add.cubin", fakeCubin(90, kEntries)},
          {"kernels/add.ptx", std::string(".version 8.0\n") + kEntries},
          {"kernels/scale.ptx", ".version 7.0\n// entry test_scale 8 8 8 4\n"},
          {"kernels/wide.cubin", fakeCubin(90, "// entry test_wide 8 4 8\n")},
          {"weights/model.safetensors", makeSafetensors({{"v", "F32", {5}, bytesOf<float>({9, 9, 9, 9, 9})}, {"w", "F32", {6}, bytesOf<float>({1, 2, 3, 4, 5, 6})}})}};
}

std::string gpuPackageWith(const std::string &from, const std::string &to) { return makePackage(replaced(kGpuManifest, from, to), gpuMembers()); }

} // namespace seqc_rt_test
