// SPDX-License-Identifier: Apache-2.0
#include "seqc/Emit/PtxasTool.h"
#include "gtest/gtest.h"

using namespace seqc;

namespace {

constexpr const char *kText = "ptxas: NVIDIA (R) Ptx optimizing assembler\nCopyright (c) 2005-2026 NVIDIA Corporation\nBuilt on some day\n"
                              "Cuda compilation tools, release 13.4, V13.4.92\nBuild cuda_13.4.r13.4/compiler.0\n";

TEST(PtxasToolTest, ReadsTheVersion) {
  PtxasTool tool = PtxasTool::parse("/p/ptxas", kText);
  EXPECT_EQ(tool.path, "/p/ptxas");
  EXPECT_EQ(tool.version, "13.4.92");
  EXPECT_EQ(tool.major, 13);
  EXPECT_EQ(tool.minor, 4);
  EXPECT_EQ(tool.knownBad(), "");
}

TEST(PtxasToolTest, KnowsBadVersions) {
  auto isBad = [](const char *version) { return !PtxasTool::parse("p", version).knownBad().empty(); };
  EXPECT_TRUE(isBad("V13.0.88"));
  EXPECT_TRUE(isBad("V13.2.99"));
  EXPECT_TRUE(isBad("V12.9.86"));
  EXPECT_FALSE(isBad("V13.3.0"));
  EXPECT_FALSE(isBad("V14.0.1"));
  EXPECT_TRUE(isBad("no version"));
  EXPECT_TRUE(isBad(""));
}

} // namespace
