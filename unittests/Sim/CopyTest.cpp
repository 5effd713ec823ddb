// SPDX-License-Identifier: Apache-2.0
// Asynchronous copies: a ring of two slots filled by cp.async, and its mistakes.
#include "SimTest.h"

using namespace seqc::sim;
using namespace seqc::sim::test;

namespace {

constexpr unsigned threads = 64, steps = 5;

/// out[step][t] = the 16 bytes that thread t ^ 63 copied in that step from in[step][t ^ 63].
std::string ringKernel() {
  return R"(
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3), ptr addrspace(1))
declare void @llvm.nvvm.cp.async.cg.shared.global.16.s(ptr addrspace(3), ptr addrspace(1), i32)
declare void @llvm.nvvm.cp.async.commit.group()
declare void @llvm.nvvm.cp.async.wait.group(i32)
declare void @llvm.nvvm.cp.async.wait.all()
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)
define ptx_kernel void @k(ptr addrspace(1) %in, ptr addrspace(1) %out, i32 %n) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %own = mul i32 %t, 16
  %partner = xor i32 %own, 1008
  %slot0 = getelementptr i8, ptr addrspace(3) @seqc_shared, i32 %own
  %from0 = getelementptr i8, ptr addrspace(1) %in, i32 %own
  call void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3) %slot0, ptr addrspace(1) %from0)
  call void @llvm.nvvm.cp.async.commit.group()
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %ready ]
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, %n
  br i1 %more, label %fetch, label %wait
fetch:
  %odd = and i32 %next, 1
  %slotAt = mul i32 %odd, 1024
  %toAt = add i32 %slotAt, %own
  %to = getelementptr i8, ptr addrspace(3) @seqc_shared, i32 %toAt
  %stepAt = mul i32 %next, 1024
  %fromAt = add i32 %stepAt, %own
  %from = getelementptr i8, ptr addrspace(1) %in, i32 %fromAt
  call void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3) %to, ptr addrspace(1) %from)
  br label %wait
wait:
  call void @llvm.nvvm.cp.async.commit.group()
  call void @llvm.nvvm.cp.async.wait.group(i32 1)
  br label %arrived
arrived:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %parity = and i32 %i, 1
  %readSlot = mul i32 %parity, 1024
  %readAt = add i32 %readSlot, %partner
  %p = getelementptr i8, ptr addrspace(3) @seqc_shared, i32 %readAt
  %v = load <4 x float>, ptr addrspace(3) %p, align 16
  %outStep = mul i32 %i, 1024
  %outAt = add i32 %outStep, %own
  %po = getelementptr i8, ptr addrspace(1) %out, i32 %outAt
  store <4 x float> %v, ptr addrspace(1) %po, align 16
  br label %free
free:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 1)
  br label %ready
ready:
  br i1 %more, label %loop, label %end
end:
  ret void
}
)";
}

struct Ring : testing::Test {
  std::vector<float> in = std::vector<float>(steps * threads * 4), out = std::vector<float>(in.size());
  Launch launch;
  void SetUp() override {
    for (unsigned i = 0; i < in.size(); ++i)
      in[i] = i + 0.5f;
    launch = {
        {1, 1, 1}, {threads, 1, 1}, 2048, {Param::pointer(in.data()), Param::pointer(out.data()), Param::i32(steps)}, {input(in), output(out)}, 0,
        {}};
  }
  void hazard(llvm::StringRef from, llvm::StringRef to, HazardKind kind) { expectHazard(compiled(replaced(ringKernel(), from, to)), launch, kind); }
};

TEST_F(Ring, DeliversEverything) {
  expectClean(
      compiled(ringKernel()), launch, [&] { std::fill(out.begin(), out.end(), NAN); },
      [&] {
        for (unsigned s = 0; s < steps; ++s)
          for (unsigned t = 0; t < threads; ++t)
            for (unsigned e = 0; e < 4; ++e)
              ASSERT_EQ(out[(s * threads + t) * 4 + e], in[(s * threads + (t ^ 63)) * 4 + e]);
      });
}

TEST_F(Ring, WaitAll) {
  expectClean(compiled(replaced(ringKernel(), "call void @llvm.nvvm.cp.async.wait.group(i32 1)", "call void @llvm.nvvm.cp.async.wait.all()")),
              launch);
}

TEST_F(Ring, WaitThatIsTooWeak) { hazard("wait.group(i32 1)", "wait.group(i32 2)", HazardKind::CopyInFlight); }
TEST_F(Ring, NoWait) { hazard("call void @llvm.nvvm.cp.async.wait.group(i32 1)", "", HazardKind::CopyInFlight); }
TEST_F(Ring, NoCommit) { hazard("wait:\n  call void @llvm.nvvm.cp.async.commit.group()", "wait:", HazardKind::CopyInFlight); }
TEST_F(Ring, WaitHoldsForTheWaitingThreadOnly) {
  hazard("arrived:\n  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)", "arrived:", HazardKind::SharedRace);
}
TEST_F(Ring, SlotFilledWhileOthersReadIt) {
  hazard("free:\n  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 1)", "free:", HazardKind::SharedRace);
}
TEST_F(Ring, SourceOutOfRange) {
  launch.params[2] = Param::i32(steps + 1);
  expectHazard(compiled(ringKernel()), launch, HazardKind::GlobalOutOfRange);
}
TEST_F(Ring, MisalignedDestination) {
  hazard("%toAt = add i32 %slotAt, %own", "%off = or i32 %own, 8\n  %toAt = add i32 %slotAt, %off", HazardKind::Misaligned);
}
TEST_F(Ring, DestinationOutOfRange) { hazard("%slotAt = mul i32 %odd, 1024", "%slotAt = mul i32 %odd, 2048", HazardKind::SharedOutOfRange); }

TEST_F(Ring, ShortSourceIsFilledWithZeros) {
  std::string text = replaced(ringKernel(), "16(ptr addrspace(3) %slot0, ptr addrspace(1) %from0)",
                              "16.s(ptr addrspace(3) %slot0, ptr addrspace(1) %from0, i32 %bytes)");
  text = replaced(text, "%partner = xor i32 %own, 1008", "%partner = xor i32 %own, 1008\n  %words = and i32 %t, 3\n  %bytes = mul i32 %words, 4");
  expectClean(compiled(text), launch, nullptr, [&] {
    for (unsigned t = 0; t < threads; ++t)
      for (unsigned e = 0; e < 4; ++e)
        ASSERT_EQ(out[t * 4 + e], e < (t ^ 63) % 4 ? in[(t ^ 63) * 4 + e] : 0);
  });
}

TEST_F(Ring, AnEmptySourceIsNotTouched) {
  std::string text =
      replaced(ringKernel(), "16(ptr addrspace(3) %slot0, ptr addrspace(1) %from0)", "16.s(ptr addrspace(3) %slot0, ptr addrspace(1) null, i32 0)");
  expectClean(compiled(text), launch, nullptr, [&] { ASSERT_EQ(out[17], 0.0f); });
}

} // namespace
