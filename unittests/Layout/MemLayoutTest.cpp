// SPDX-License-Identifier: Apache-2.0
// Transforms of shared memory addresses: formulas, legality, bijection.
#include "seqc/Layout/MemLayout.h"
#include "LayoutTesting.h"
#include "gtest/gtest.h"
#include <set>

using namespace seqc::layout;
using namespace seqc::layout::test;

static std::string errorOf(llvm::Expected<MemLayout> m) { return m ? "no error" : toString(m.takeError()); }

TEST(Transform, Formulas) {
  for (auto [width, mask] : {std::pair<int, int64_t>{32, 0x10}, {64, 0x30}, {128, 0x70}})
    for (int64_t a = 0; a < 4096; a += 2)
      ASSERT_EQ(Transform::sw(width).apply(a), a ^ ((a >> 3) & mask));
  EXPECT_EQ(Transform::xorBits(2, 4, 5).apply(0x200), 0x210);
  EXPECT_EQ(Transform::pad(256, 16).apply(255), 255);
  EXPECT_EQ(Transform::pad(256, 16).apply(512 + 3), 512 + 32 + 3);
}

TEST(Transform, TextRoundTrip) {
  for (Transform t : {Transform::none(), Transform::sw(32), Transform::sw(128), Transform::xorBits(3, 4, 5), Transform::pad(256, 16)})
    EXPECT_EQ(llvm::cantFail(Transform::parse(t.str())), t) << t.str();
  EXPECT_EQ(Transform::sw(64).str(), "sw64");
  EXPECT_EQ(Transform::xorBits(3, 4, 5).str(), "xor<3, 4, 5>");
  for (llvm::StringRef bad : {"sw16", "sw", "xor<1, 2>", "pad<1, 2, 3>", "pad<a, 2>", "pad<-1, 2>", "pad", "swizzle"}) {
    llvm::Expected<Transform> t = Transform::parse(bad);
    EXPECT_FALSE(bool(t)) << bad.str();
    llvm::consumeError(t.takeError());
  }
}

TEST(MemLayout, ElementsGetDisjointBytesOfTheAllocation) {
  std::vector<DigitMap> maps = memMaps();
  for (Shape shape : {Shape{176, 128}, Shape{64, 80}, Shape{96, 96}, Shape{8, 64}, Shape{32, 24}})
    maps.push_back(MemLayout::dense(shape).map);
  std::vector<Transform> transforms = {Transform::none(), Transform::sw(32), Transform::sw(64), Transform::sw(128), Transform::xorBits(2, 3, 4)};
  for (int64_t every : {48, 64, 128, 160, 256})
    transforms.push_back(Transform::pad(every, 16));
  int legal = 0;
  for (const DigitMap &map : maps)
    for (const Transform &t : transforms)
      for (int bits : {8, 16, 32}) {
        llvm::Expected<MemLayout> m = MemLayout::get(map, t, bits);
        if (!m) {
          llvm::consumeError(m.takeError());
          continue;
        }
        ++legal;
        std::vector<bool> used(m->bytes(bits), false);
        for (int32_t e = 0; e < map.size(Axis::Addr); ++e)
          for (int b = 0; b < bits / 8; ++b) {
            int64_t at = m->physical(e, bits) + b;
            ASSERT_TRUE(at < m->bytes(bits) && !used[at]) << m->str();
            used[at] = true;
          }
      }
  EXPECT_GT(legal, 200);
}

TEST(MemLayout, RefusesIllegalTransforms) {
  auto get = [](llvm::StringRef text, Transform t, int bits) { return errorOf(MemLayout::get(parsed(text), t, bits)); };
  EXPECT_EQ(get("addr [64:1@d1, 176:1@d0, 2:64@d1]", Transform::sw(128), 16), "no error");
  EXPECT_EQ(get("addr [64:1@d1, 12:1@d0]", Transform::sw(128), 16),
            "expects digits of powers of two below byte 1024 for sw128, but got addr [64:1@d1, 12:1@d0]");
  EXPECT_EQ(get("addr [80:1@d1, 64:1@d0]", Transform::sw(32), 16),
            "expects digits of powers of two below byte 256 for sw32, but got addr [80:1@d1, 64:1@d0]");
  EXPECT_EQ(get("addr [64:1@d1, 64:1@d0]", Transform::xorBits(3, 4, 2), 16),
            "expects an XOR of 1 or more bits from as many or more bits above, but got xor<3, 4, 2>");
  EXPECT_EQ(get("addr [64:1@d1, 64:1@d0]", Transform::xorBits(2, 0, 5), 16), "expects an XOR of whole elements of 16 bits, but got xor<2, 0, 5>");
  EXPECT_EQ(get("addr [80:1@d1, 64:1@d0]", Transform::pad(160, 16), 16), "no error");
  EXPECT_EQ(get("addr [80:1@d1, 64:1@d0]", Transform::pad(128, 16), 16),
            "expects a pad at a digit boundary, but got pad<128, 16> for addr [80:1@d1, 64:1@d0]");
  EXPECT_EQ(get("addr [80:1@d1, 64:1@d0]", Transform::pad(160, 3), 16), "expects a pad of whole elements, but got pad<160, 3>");
}

TEST(MemLayout, SizesAndText) {
  MemLayout m = llvm::cantFail(MemLayout::get(parsed("addr [64:1@d1, 176:1@d0, 2:64@d1]"), Transform::sw(128), 16));
  EXPECT_EQ(m.bytes(16), 176 * 128 * 2);
  EXPECT_EQ(m.str(), "addr [64:1@d1, 176:1@d0, 2:64@d1], sw128");
  MemLayout padded = llvm::cantFail(MemLayout::get(MemLayout::dense({4, 64}).map, Transform::pad(128, 16), 16));
  EXPECT_EQ(padded.bytes(16), 3 * 144 + 128);
  EXPECT_EQ(padded.physical({2, 1}, 16), 2 * 144 + 2);
  EXPECT_EQ(MemLayout::dense({4, 6}, {0, 1}).map.str(), "addr [4:1@d0, 6:1@d1]");
}
