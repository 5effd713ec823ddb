// SPDX-License-Identifier: Apache-2.0
#include "seqc/Emit/Sass.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace seqc;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

constexpr const char *kText = R"(	.target	sm_90a
//--------------------- .text.first --------------------------
	.section	.text.first,"ax",@progbits
first:
.text.first:
        /*0000*/                   LDC R1, c[0x0][0x28] ;
.L_x_8:
        /*0010*/              @!P0 LDG.E.128.CONSTANT R8, desc[UR6][R54.64+0x400] ;
        /*0020*/                   EXIT ;
.text.second:
        /*0000*/                   STL.64 [R1+0x8], R12          (*"SpillRefill"*);
)";

TEST(SassTest, ReadsFunctionsAndInstructions) {
  std::vector<SassFunction> functions = parseSass(kText);
  ASSERT_EQ(functions.size(), 2u);
  EXPECT_EQ(functions[0].name, "first");
  ASSERT_EQ(functions[0].code.size(), 3u);
  EXPECT_EQ(functions[0].code[1].opcode, "LDG.E.128.CONSTANT");
  EXPECT_EQ(functions[0].code[1].operands, "R8, desc[UR6][R54.64+0x400]");
  EXPECT_EQ(functions[0].code[2].opcode, "EXIT");
  EXPECT_EQ(functions[1].name, "second");
  EXPECT_EQ(functions[1].code.size(), 1u);
  EXPECT_TRUE(parseSass("").empty());
}

constexpr const char *kPtx = R"(
.visible .entry wide(
	.param .u64 wide_param_0
)
{
	ld.global.v4.b32 	{%r1, %r2, %r3, %r4}, [%rd1];
	@%p1 st.global.v2.b64 	[%rd2], {%rd3, %rd4};
	mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 	{%r1, %r2};
}
.visible .entry narrow(
	.param .u64 narrow_param_0
)
{
	ld.global.b16 	%rs1, [%rd1];
	div.rn.f64 	%rd3, %rd4, %rd5;
}
)";

TEST(SassTest, ReadsWhatPtxPromises) {
  SassExpectations wide = expectationsOf(kPtx, "wide"), narrow = expectationsOf(kPtx, "narrow"), other = expectationsOf(kPtx, "wid");
  EXPECT_TRUE(wide.usesTensorCores);
  EXPECT_FALSE(wide.hasWideDivision);
  EXPECT_EQ(wide.widestGlobalLoad, 16);
  EXPECT_EQ(wide.widestGlobalStore, 16);
  EXPECT_FALSE(narrow.usesTensorCores);
  EXPECT_TRUE(narrow.hasWideDivision);
  EXPECT_EQ(narrow.widestGlobalLoad, 2);
  EXPECT_EQ(narrow.widestGlobalStore, 0);
  EXPECT_EQ(other.widestGlobalLoad, 0);
}

std::vector<std::string> problems(std::vector<SassInstruction> code, const SassExpectations &expected = {}) { return checkSass({"k", std::move(code)}, expected); }

TEST(SassTest, EveryRuleCanFail) {
  SassInstruction exit{"EXIT", ""};
  EXPECT_THAT(problems({exit}), IsEmpty());
  EXPECT_THAT(problems({}), ElementsAre(HasSubstr("expects instructions")));
  EXPECT_THAT(problems({{"LDL.64", "R2, [R1]"}, {"STL", "[R1], R2"}}), ElementsAre(HasSubstr("but got 2 LDL and STL")));
  EXPECT_THAT(problems({{"CALL.REL.NOINC", "`(f)"}}), ElementsAre(HasSubstr("expects no call")));
  SassExpectations division;
  division.hasWideDivision = true;
  EXPECT_THAT(problems({{"CALL.REL.NOINC", "`(f)"}}, division), IsEmpty());
  SassExpectations tensor;
  tensor.usesTensorCores = true;
  EXPECT_THAT(problems({{"HFMA2.MMA", ""}}, tensor), ElementsAre(HasSubstr("expects tensor instructions")));
  EXPECT_THAT(problems({{"HMMA.16816.F32.BF16", ""}}, tensor), IsEmpty());
  SassExpectations wide;
  wide.widestGlobalLoad = wide.widestGlobalStore = 16;
  EXPECT_THAT(problems({{"LDG.E.64", ""}, {"STG.E.128", ""}}, wide), ElementsAre("expects LDG of 16 bytes, but got at most 8"));
  EXPECT_THAT(problems({{"LDG.E.128.CONSTANT", ""}}, wide), ElementsAre("expects STG of 16 bytes, but got at most 0"));
}

} // namespace
