// SPDX-License-Identifier: Apache-2.0
#include "package_builder.h"
#include <algorithm>
#include <cjson/cJSON.h>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nettle/sha2.h>
#include <zlib.h>

namespace seqc_rt_test {

static void put(std::string &out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i)
    out.push_back(static_cast<char>(value >> (8 * i)));
}

// Fields that local and central header share, from "version needed" to "file name length".
static std::string commonFields(const ZipMember &m) {
  std::string out;
  uint32_t crc = crc32(0, reinterpret_cast<const Bytef *>(m.data.data()), m.data.size());
  uint64_t size = m.claimedSize < 0 ? m.data.size() : m.claimedSize;
  put(out, 10, 2);
  put(out, 0, 2);
  put(out, m.method, 2);
  put(out, 0, 2);
  put(out, (1 << 5) | 1, 2); // 1980-01-01
  put(out, crc, 4);
  put(out, size, 4);
  put(out, size, 4);
  put(out, m.name.size(), 2);
  return out;
}

std::string makeZip(const std::vector<ZipMember> &members) {
  std::string out, central;
  for (const ZipMember &m : members) {
    size_t offset = out.size();
    size_t padding = (64 - (offset + 30 + m.name.size() + 4) % 64) % 64;
    put(out, 0x04034b50, 4);
    out += commonFields(m);
    put(out, padding + 4, 2);
    out += m.name;
    put(out, 0xD935, 2);
    put(out, padding, 2);
    out += std::string(padding, '\0') + m.data;

    put(central, 0x02014b50, 4);
    put(central, 10, 2);
    central += commonFields(m);
    put(central, 0, 2); // extra
    put(central, 0, 2); // comment
    put(central, 0, 2); // disk
    put(central, 0, 2); // internal attributes
    put(central, 0, 4); // external attributes
    put(central, offset, 4);
    central += m.name;
  }
  size_t offset = out.size();
  out += central;
  put(out, 0x06054b50, 4);
  put(out, 0, 4);
  put(out, members.size(), 2);
  put(out, members.size(), 2);
  put(out, central.size(), 4);
  put(out, offset, 4);
  put(out, 0, 2);
  return out;
}

std::string sha256Hex(const std::string &data) {
  sha256_ctx context;
  uint8_t digest[SHA256_DIGEST_SIZE];
  sha256_init(&context);
  sha256_update(&context, data.size(), reinterpret_cast<const uint8_t *>(data.data()));
  sha256_digest(&context, sizeof digest, digest);
  std::string out;
  for (uint8_t byte : digest) {
    char hex[3];
    snprintf(hex, sizeof hex, "%02x", byte);
    out += hex;
  }
  return out;
}

std::string makeSafetensors(const std::vector<StoredTensor> &tensors, int pad) {
  std::string header = "{", data;
  for (const StoredTensor &t : tensors) {
    header += (header.size() > 1 ? ",\"" : "\"") + t.name + "\":{\"dtype\":\"" + t.dtype + "\",\"shape\":[";
    for (size_t i = 0; i < t.shape.size(); ++i)
      header += (i ? "," : "") + std::to_string(t.shape[i]);
    header += "],\"data_offsets\":[" + std::to_string(data.size()) + "," + std::to_string(data.size() + t.data.size()) + "]}";
    data += t.data;
  }
  header += "}";
  while (header.size() % 8)
    header += ' ';
  header += std::string(pad, ' ');
  std::string out;
  put(out, header.size(), 8);
  return out + header + data;
}

std::string makePackage(const std::string &manifest, const std::map<std::string, std::string> &members) {
  cJSON *root = cJSON_Parse(manifest.c_str());
  if (!root) {
    fprintf(stderr, "bad manifest in a test near: %.80s\n", cJSON_GetErrorPtr());
    abort();
  }
  cJSON *files = cJSON_AddObjectToObject(root, "files");
  for (const auto &[name, data] : members) {
    cJSON *file = cJSON_AddObjectToObject(files, name.c_str());
    cJSON_AddNumberToObject(file, "bytes", data.size());
    cJSON_AddStringToObject(file, "sha256", sha256Hex(data).c_str());
  }
  char *text = cJSON_PrintUnformatted(root);
  std::vector<ZipMember> list{{"seqc.json", text}};
  cJSON_free(text);
  cJSON_Delete(root);
  for (const auto &[name, data] : members)
    list.push_back({name, data});
  std::sort(list.begin(), list.end(), [](const ZipMember &a, const ZipMember &b) { return a.name < b.name; });
  return makeZip(list);
}

const std::string &testKernels() {
  static const std::string bytes = [] {
    std::ifstream file(SEQC_RT_TEST_KERNELS, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  return bytes;
}

// main: y = s * (x + w) in two launches through the workspace, with an alternative for short x; step: a state; grid: a 3-d grid with
// scratch; scalars: every scalar dtype; count: one program per element.
const char *const kStandardManifest = R"json({
  "schema": 1, "producer": {"name": "test"},
  "cpu": {"library": "cpu/kernels.so", "triple": "x86_64-unknown-linux-gnu", "features": ["sse2"]},
  "kernels": [
    {"name": "add", "params": [{"name": "a", "kind": "ptr", "dtype": "f32", "access": "read"}, {"name": "b", "kind": "ptr", "dtype": "f32", "access": "read"},
                               {"name": "y", "kind": "ptr", "dtype": "f32", "access": "write"}, {"name": "N", "kind": "index"}],
     "grid": [["ceildiv", "N", 64]], "cpu": {"symbol": "test_add", "scratch_bytes": 0}},
    {"name": "scale", "params": [{"name": "x", "kind": "ptr", "dtype": "f32", "access": "read"}, {"name": "y", "kind": "ptr", "dtype": "f32", "access": "write"},
                                 {"name": "N", "kind": "index"}, {"name": "s", "kind": "scalar", "dtype": "f32"}],
     "grid": [["ceildiv", "N", 64]], "cpu": {"symbol": "test_scale", "scratch_bytes": 0}},
    {"name": "scratch", "params": [{"name": "y", "kind": "ptr", "dtype": "i64", "access": "write"}, {"name": "X", "kind": "index"},
                                   {"name": "Y", "kind": "index"}, {"name": "Z", "kind": "index"}],
     "grid": ["X", "Y", "Z"], "cpu": {"symbol": "test_scratch", "scratch_bytes": 4104}},
    {"name": "scalars", "params": [{"name": "y", "kind": "ptr", "dtype": "i64", "access": "write"},
       {"name": "a", "kind": "scalar", "dtype": "f16"}, {"name": "b", "kind": "scalar", "dtype": "bf16"}, {"name": "c", "kind": "scalar", "dtype": "f32"},
       {"name": "d", "kind": "scalar", "dtype": "f64"}, {"name": "e", "kind": "scalar", "dtype": "i1"}, {"name": "f", "kind": "scalar", "dtype": "i8"},
       {"name": "g", "kind": "scalar", "dtype": "i32"}, {"name": "h", "kind": "scalar", "dtype": "i64"}],
     "grid": [1], "cpu": {"symbol": "test_scalars", "scratch_bytes": 0}},
    {"name": "count", "params": [{"name": "y", "kind": "ptr", "dtype": "i32", "access": "write"}, {"name": "N", "kind": "index"}],
     "grid": ["N"], "cpu": {"symbol": "test_count", "scratch_bytes": 0}},
    {"name": "denormal", "params": [{"name": "x", "kind": "ptr", "dtype": "f32", "access": "read"}, {"name": "y", "kind": "ptr", "dtype": "f32", "access": "write"},
                                    {"name": "N", "kind": "index"}],
     "grid": ["N"], "cpu": {"symbol": "test_denormal", "scratch_bytes": 0}}
  ],
  "weights": [{"name": "w", "file": "weights/model.safetensors", "dtype": "f32", "shape": [6]}],
  "functions": [
    {"name": "main", "dims": ["B"], "assume": [["le", "B", 1000]],
     "inputs": [{"name": "x", "dtype": "f32", "shape": ["B", 6]}, {"name": "bias", "dtype": "f32", "shape": ["B", 6]}],
     "outputs": [{"name": "y", "dtype": "f32", "shape": ["B", 6]}],
     "workspace_bytes": ["mul", ["ceildiv", ["mul", "B", 24], 64], 64],
     "launches": [[{"guard": 1, "kernel": 0, "args": [{"input": 0}, {"input": 1}, {"workspace": 0}, {"expr": ["mul", "B", 6]}]}],
                  [{"guard": ["le", "B", 2], "kernel": 1, "args": [{"workspace": 0}, {"output": 0}, {"expr": ["mul", "B", 6]}, {"value": 2}]},
                   {"guard": 1, "kernel": 1, "args": [{"workspace": 0}, {"output": 0}, {"expr": ["mul", "B", 6]}, {"value": 0.5}]}]]},
    {"name": "step", "dims": [],
     "inputs": [{"name": "state", "dtype": "f32", "shape": [6]}], "outputs": [{"name": "next", "dtype": "f32", "shape": [6]}],
     "states": [{"input": 0, "output": 0}], "workspace_bytes": 0,
     "launches": [[{"guard": 1, "kernel": 0, "args": [{"input": 0}, {"weight": 0}, {"output": 0}, {"expr": 6}]}]]},
    {"name": "grid", "dims": ["X", "Y", "Z"],
     "inputs": [{"name": "shape", "dtype": "i1", "shape": ["X", "Y", "Z"]}],
     "outputs": [{"name": "t", "dtype": "i64", "shape": [["mul", ["mul", "X", "Y"], "Z"]]}], "workspace_bytes": 0,
     "launches": [[{"guard": 1, "kernel": 2, "args": [{"output": 0}, {"expr": "X"}, {"expr": "Y"}, {"expr": "Z"}]}]]},
    {"name": "scalars", "dims": [], "inputs": [], "outputs": [{"name": "y", "dtype": "i64", "shape": [8]}], "workspace_bytes": 0,
     "launches": [[{"guard": 1, "kernel": 3, "args": [{"output": 0}, {"value": 1.5}, {"value": "-inf"}, {"value": 0.1}, {"value": "nan"},
                                                      {"value": true}, {"value": -128}, {"value": -5}, {"value": 4503599627370497}]}]]},
    {"name": "count", "dims": ["N"], "inputs": [{"name": "n", "dtype": "i8", "shape": ["N"]}],
     "outputs": [{"name": "y", "dtype": "i32", "shape": ["N"]}], "workspace_bytes": 0,
     "launches": [[{"guard": 1, "kernel": 4, "args": [{"output": 0}, {"expr": "N"}]}]]},
    {"name": "pair", "dims": ["N"], "inputs": [{"name": "x", "dtype": "f32", "shape": ["N"]}],
     "outputs": [{"name": "a", "dtype": "f32", "shape": ["N"]}, {"name": "b", "dtype": "f32", "shape": ["N"]}], "workspace_bytes": 0,
     "launches": [[{"guard": 1, "kernel": 1, "args": [{"input": 0}, {"output": 0}, {"expr": "N"}, {"value": 2}]}],
                  [{"guard": 1, "kernel": 1, "args": [{"output": 0}, {"output": 1}, {"expr": "N"}, {"value": 2}]}]]},
    {"name": "denormal", "dims": ["N"], "inputs": [{"name": "x", "dtype": "f32", "shape": ["N"]}],
     "outputs": [{"name": "y", "dtype": "f32", "shape": ["N"]}], "workspace_bytes": 0,
     "launches": [[{"guard": 1, "kernel": 5, "args": [{"input": 0}, {"output": 0}, {"expr": "N"}]}]]}
  ]
})json";

std::map<std::string, std::string> standardMembers() {
  return {{"cpu/kernels.so", testKernels()},
          {"weights/model.safetensors", makeSafetensors({{"w", "F32", {6}, bytesOf<float>({1, 2, 3, 4, 5, 6})}})}};
}

std::string standardPackage() { return makePackage(kStandardManifest, standardMembers()); }

std::string replaced(std::string text, const std::string &from, const std::string &to) {
  size_t at = text.find(from);
  if (at == std::string::npos) {
    fprintf(stderr, "a test wants to replace '%s', which is not there\n", from.c_str());
    abort();
  }
  return text.replace(at, from.size(), to);
}

} // namespace seqc_rt_test
