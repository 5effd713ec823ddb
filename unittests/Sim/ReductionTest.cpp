// SPDX-License-Identifier: Apache-2.0
// A block-wide sum through shuffles and shared memory, and what is reported when one part of it is wrong.
#include "SimTest.h"
#include <numeric>

using namespace seqc::sim;
using namespace seqc::sim::test;

namespace {

constexpr unsigned threads = 128, blocks = 3;

/// out[block] = sum of in[block * 128 .. + 128), elements from n on count as 0.
std::string sumKernel() {
  std::string text = R"(
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
declare float @llvm.nvvm.shfl.sync.bfly.f32(i32, float, i32, i32)
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)
define ptx_kernel void @k(ptr addrspace(1) %in, ptr addrspace(1) %out, i32 %n) {
entry:
  %tid = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %block = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %first = mul i32 %block, 128
  %i = add i32 %first, %tid
  %inside = icmp slt i32 %i, %n
  br i1 %inside, label %read, label %reduce
read:
  %pi = getelementptr float, ptr addrspace(1) %in, i32 %i
  %xi = load float, ptr addrspace(1) %pi, align 4
  br label %reduce
reduce:
  %s32 = phi float [ 0.0, %entry ], [ %xi, %read ]
)";
  for (int step = 16; step; step /= 2) {
    std::string from = std::to_string(2 * step), to = std::to_string(step);
    text += "  %o" + to + " = call float @llvm.nvvm.shfl.sync.bfly.f32(i32 -1, float %s" + from + ", i32 " + to + ", i32 31)\n";
    text += "  %s" + to + " = fadd float %s" + from + ", %o" + to + "\n";
  }
  return text + R"(
  %lane = and i32 %tid, 31
  %warp = lshr i32 %tid, 5
  %leads = icmp eq i32 %lane, 0
  br i1 %leads, label %write, label %meet
write:
  %pw = getelementptr float, ptr addrspace(3) @seqc_shared, i32 %warp
  store float %s1, ptr addrspace(3) %pw, align 4
  br label %meet
meet:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %firstThread = icmp eq i32 %tid, 0
  br i1 %firstThread, label %total, label %done
total:
  %parts = load <4 x float>, ptr addrspace(3) @seqc_shared, align 16
  %p0 = extractelement <4 x float> %parts, i32 0
  %p1 = extractelement <4 x float> %parts, i32 1
  %p2 = extractelement <4 x float> %parts, i32 2
  %p3 = extractelement <4 x float> %parts, i32 3
  %a = fadd float %p0, %p1
  %b = fadd float %p2, %p3
  %sum = fadd float %a, %b
  %po = getelementptr float, ptr addrspace(1) %out, i32 %block
  store float %sum, ptr addrspace(1) %po, align 4
  br label %done
done:
  ret void
}
)";
}

struct Sum : testing::Test {
  std::vector<float> in = std::vector<float>(threads * blocks - 37), out = std::vector<float>(blocks);
  Launch launch;
  void SetUp() override {
    std::iota(in.begin(), in.end(), 1.0f);
    launch = {{blocks, 1, 1}, {threads, 1, 1}, 16, {}, {input(in), output(out)}, 0, {}};
    launch.params = {Param::pointer(in.data()), Param::pointer(out.data()), Param::i32(in.size())};
  }
  Hazard hazard(llvm::StringRef from, llvm::StringRef to, HazardKind kind) {
    return expectHazard(compiled(replaced(sumKernel(), from, to)), launch, kind);
  }
};

TEST_F(Sum, IsRightUnderEverySeed) {
  expectClean(
      compiled(sumKernel()), launch, [&] { std::fill(out.begin(), out.end(), NAN); },
      [&] {
        for (unsigned b = 0; b < blocks; ++b) {
          auto begin = in.begin() + b * threads, end = b + 1 < blocks ? begin + threads : in.end();
          EXPECT_EQ(out[b], std::accumulate(begin, end, 0.0f));
        }
      });
}

TEST_F(Sum, CountsAndWrittenBytes) {
  launch.blocks = {{1, 0, 0}};
  Report report = runOnce(compiled(sumKernel()), launch);
  EXPECT_EQ(report.counts.barriers, 1u);
  EXPECT_EQ(report.counts.sharedWrites, 4u);
  EXPECT_EQ(report.counts.sharedReads, 1u);
  EXPECT_EQ(report.counts.globalReads, threads);
  EXPECT_EQ(report.counts.operations.at("nvvm.shfl.sync.bfly.f32"), 5u * 4);
  EXPECT_EQ(report.counts.operations.at("nvvm.barrier.cta.sync.aligned.all"), threads);
  EXPECT_EQ(report.written[1].count(), 4u);
  EXPECT_EQ(report.written[1].find_first(), 4);
}

TEST_F(Sum, MissingBarrier) {
  Hazard h = hazard("call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)", "", HazardKind::SharedRace);
  EXPECT_TRUE(h.bytes == 16 || h.bytes == 4); // the reader or the writer comes second
  EXPECT_NE(h.where, h.otherWhere);
}

TEST_F(Sum, ReadOfBytesNobodyWrote) {
  launch.sharedBytes = 32;
  hazard("load <4 x float>, ptr addrspace(3) @seqc_shared, align 16",
         "load <4 x float>, ptr addrspace(3) getelementptr (i8, ptr addrspace(3) @seqc_shared, i32 16), align 16", HazardKind::SharedUninitialised);
}

TEST_F(Sum, SharedOutOfRange) {
  launch.sharedBytes = 12;
  expectHazard(compiled(sumKernel()), launch, HazardKind::SharedOutOfRange);
}

TEST_F(Sum, MisalignedVector) {
  launch.sharedBytes = 32;
  Hazard h = hazard("load <4 x float>, ptr addrspace(3) @seqc_shared, align 16",
                    "load <4 x float>, ptr addrspace(3) getelementptr (i8, ptr addrspace(3) @seqc_shared, i32 4), align 16", HazardKind::Misaligned);
  EXPECT_NE(h.where.find("load <4 x float>"), std::string::npos);
}

TEST_F(Sum, GlobalOutOfRange) {
  launch.params[2] = Param::i32(in.size() + 1);
  Hazard h = expectHazard(compiled(sumKernel()), launch, HazardKind::GlobalOutOfRange);
  EXPECT_EQ(h.address, reinterpret_cast<uint64_t>(in.data() + in.size()));
  EXPECT_EQ(h.block[0], blocks - 1);
}

TEST_F(Sum, WriteIntoReadOnlyRegion) {
  launch.memory[1].writable = false;
  expectHazard(compiled(sumKernel()), launch, HazardKind::GlobalReadOnly);
}

TEST_F(Sum, ReadOfOutputThatHoldsNothing) {
  launch.params[0] = Param::pointer(out.data());
  launch.params[2] = Param::i32(blocks);
  expectHazard(compiled(sumKernel()), launch, HazardKind::GlobalUninitialised);
}

TEST_F(Sum, TwoBlocksWriteOneByte) {
  Hazard h = hazard("getelementptr float, ptr addrspace(1) %out, i32 %block", "getelementptr float, ptr addrspace(1) %out, i32 0",
                    HazardKind::BlockConflict);
  EXPECT_EQ(h.count, blocks - 1);
  ASSERT_TRUE(h.otherBlock.has_value());
  EXPECT_NE(*h.otherBlock, h.block);
}

TEST_F(Sum, BlockReadsWhatAnotherWrote) {
  // Every block reads the whole output: the second one to run reads a result of the first.
  launch.memory[1].initialised.reset();
  std::string text = replaced(sumKernel(), "%po = getelementptr float, ptr addrspace(1) %out, i32 %block", R"(
  %other = load <3 x float>, ptr addrspace(1) %out, align 4
  %x = extractelement <3 x float> %other, i32 0
  %more = fadd float %sum, %x
  %po = getelementptr float, ptr addrspace(1) %out, i32 %block)");
  expectHazard(compiled(replaced(text, "store float %sum", "store float %more")), launch, HazardKind::BlockConflict);
}

TEST_F(Sum, ThreadsOfOneBlockWriteOneByte) { hazard("br i1 %firstThread, label %total, label %done", "br label %total", HazardKind::GlobalRace); }

TEST_F(Sum, WrongMask) {
  Hazard h = hazard("(i32 -1, float %s4,", "(i32 2147483647, float %s4,", HazardKind::WarpMismatch);
  ASSERT_FALSE(h.threads.empty());
  EXPECT_EQ(h.threads.front() % 32, 31u); // not in its own mask
}

TEST_F(Sum, LaneAtAnotherOperation) {
  std::string text = replaced(sumKernel(), "br i1 %inside, label %read, label %reduce", "br i1 %odd, label %other, label %reduce");
  text = replaced(text, "%inside = icmp slt i32 %i, %n", "%bit = and i32 %tid, 1\n  %odd = icmp eq i32 %bit, 1");
  text = replaced(text, "read:", "other:\n  call float @llvm.nvvm.shfl.sync.bfly.f32(i32 65535, float 0.0, i32 1, i32 31)\n  br label %read\nread:");
  expectHazard(compiled(text), launch, HazardKind::WarpMismatch);
}

TEST_F(Sum, LaneThatHasExited) {
  Hazard h = hazard("br i1 %inside, label %read, label %reduce", "br i1 %inside, label %read, label %done", HazardKind::WarpMismatch);
  EXPECT_EQ(h.block[0], blocks - 1);
}

TEST_F(Sum, BarrierThatNotAllReach) {
  Hazard h = hazard("br i1 %leads, label %write, label %meet", "br i1 %leads, label %write, label %done", HazardKind::BarrierIncomplete);
  EXPECT_EQ(h.threads.size(), 4u); // the four that wait
}

TEST_F(Sum, BarrierInDivergentCode) {
  std::string text = replaced(sumKernel(), "br i1 %leads, label %write, label %meet", "br i1 %leads, label %write, label %apart");
  text = replaced(text, "meet:\n  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)", R"(
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  br label %meet
apart:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  br label %meet
meet:)");
  text = replaced(text, "align 4\n  br label %meet\n\n", "align 4\n");
  expectHazard(compiled(text), launch, HazardKind::BarrierDivergence);
}

TEST_F(Sum, BarrierCountThatIsNoMultipleOfAWarp) {
  std::string text = replaced(sumKernel(), "call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)",
                              "call void @llvm.nvvm.barrier.cta.sync.aligned.count(i32 0, i32 100)");
  expectHazard(compiled("declare void @llvm.nvvm.barrier.cta.sync.aligned.count(i32, i32)\n" + text), launch, HazardKind::BarrierMismatch);
}

TEST_F(Sum, TooFewThreadsInTheBarrierCount) {
  std::string text = replaced(sumKernel(), "call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)",
                              "call void @llvm.nvvm.barrier.cta.sync.aligned.count(i32 0, i32 64)");
  expectHazard(compiled("declare void @llvm.nvvm.barrier.cta.sync.aligned.count(i32, i32)\n" + text), launch, HazardKind::SharedRace);
}

TEST_F(Sum, LoopThatDoesNotEnd) {
  launch.loopLimit = 1000;
  Hazard h = hazard("total:\n",
                    "total:\n  br label %spin\nspin:\n  %v = load volatile float, ptr addrspace(3) @seqc_shared, align 4\n"
                    "  %never = fcmp oeq float %v, 0.5\n  br i1 %never, label %spun, label %spin\nspun:\n",
                    HazardKind::EndlessLoop);
  EXPECT_EQ(h.count, 1u); // the launch has stopped
}

TEST_F(Sum, Trap) { hazard("total:\n", "total:\n  call void @llvm.trap()\n", HazardKind::Trap); }

} // namespace
