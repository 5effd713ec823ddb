// SPDX-License-Identifier: Apache-2.0
// Whole kernels: the block programs that the parser tests use.
#include "TileToCpuTesting.h"
#include "gtest/gtest.h"

using namespace seqc::test;

TEST(CpuKernels, AddLayernorm) {
  for (int64_t rows : {1, 4, 13})
    expectSame({.text = readInput("add_layernorm.mlir"),
                .memories = {{"X", {rows * 24}}, {"R", {rows * 24}}, {"gamma", {24}}, {"beta", {24}}, {"Y", {rows * 24}}, {"XR", {rows * 24}}},
                .numbers = {{"rows", rows}, {"eps", 1e-5}},
                .programs = (rows + 3) / 4});
}

static void attention(int64_t m, int64_t n) {
  int64_t b = 2, h = 4, g = 2, d = 32;
  expectSame({.text = readInput("attention.mlir"),
              .memories = {{"Q", {b * h * m * d}}, {"K", {b * h / g * n * d}}, {"V", {b * h / g * n * d}}, {"slope", {h}}, {"O", {b * h * m * d}}, {"LSE", {b * h * m}}},
              .numbers = {{"B", b}, {"H", h}, {"G", g}, {"M", m}, {"N", n}, {"scale", 0.176776695}},
              .programs = (m + 31) / 32 * b * h,
              .tolerance = 4e-3}); // probabilities are rounded to bf16
}
TEST(CpuKernels, AttentionFullTiles) { attention(64, 64); }
TEST(CpuKernels, AttentionRagged) { attention(37, 75); }
TEST(CpuKernels, AttentionMoreQueriesThanKeys) { attention(70, 33); }

TEST(CpuKernels, SelectiveScan) {
  for (auto [c, l] : {std::pair<int64_t, int64_t>(64, 16), {70, 19}}) {
    int64_t b = 2;
    expectSame({.text = readInput("selective_scan.mlir"),
                .memories = {{"u", {b * c * l}}, {"dt", {b * c * l}}, {"z", {b * c * l}}, {"A", {c * 16}}, {"Bm", {b * 16 * l}}, {"Cm", {b * 16 * l}}, {"D", {c}},
                             {"bias", {c}}, {"h0", {b * c * 16}}, {"y", {b * c * l}}, {"h1", {b * c * 16}}},
                .numbers = {{"B", b}, {"C", c}, {"L", l}},
                .programs = (c + 63) / 64 * b,
                .tolerance = 1e-4});
  }
}

TEST(CpuKernels, DecodeSplitAndMerge) {
  int64_t b = 2, hk = 2, nmax = 50, r = b * hk * 16;
  expectSame({.text = readInput("decode.mlir"),
              .kernel = "decode_split",
              .memories = {{"Q", {b * hk * 16 * 32}}, {"K", {b * hk * nmax * 32}}, {"V", {b * hk * nmax * 32}}, {"len", {b, [](int64_t i) { return i ? 50 : 3; }}},
                           {"Op", {4 * r * 32}}, {"Lp", {4 * r}}},
              .numbers = {{"B", b}, {"HK", hk}, {"Nmax", nmax}, {"c", 0.25}},
              .programs = 4 * b * hk,
              .tolerance = 4e-3});
  expectSame({.text = readInput("decode.mlir"), .kernel = "decode_merge", .memories = {{"Op", {4 * 13 * 32}}, {"Lp", {4 * 13}}, {"O", {13 * 32}}}, .numbers = {{"R", 13}}, .programs = 4});
}
