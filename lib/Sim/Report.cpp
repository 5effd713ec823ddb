// SPDX-License-Identifier: Apache-2.0
#include "seqc/Sim/Report.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

namespace seqc::sim {

Param Param::pointer(const void *p) { return {Kind::Pointer, reinterpret_cast<uint64_t>(p)}; }
Param Param::i32(int32_t x) { return {Kind::I32, static_cast<uint32_t>(x)}; }
Param Param::i64(int64_t x) { return {Kind::I64, static_cast<uint64_t>(x)}; }
Param Param::f32(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return {Kind::F32, bits};
}

llvm::StringRef name(HazardKind kind) {
  static constexpr llvm::StringLiteral names[] = {
      "race on shared memory",
      "read of shared memory that was never written",
      "shared access out of range",
      "access to bytes of an asynchronous copy in flight",
      "misaligned access",
      "global access out of range",
      "write into read-only memory",
      "read of global memory that holds no value",
      "race on global memory",
      "conflict between blocks",
      "warp operation without all its lanes",
      "aligned barrier in divergent code",
      "bad barrier id or count",
      "barrier that cannot complete",
      "loop that does not end",
      "trap",
  };
  return names[static_cast<unsigned>(kind)];
}

static void printThreads(llvm::raw_ostream &os, llvm::ArrayRef<uint32_t> threads) {
  constexpr size_t shown = 8;
  llvm::interleave(threads.take_front(shown), os, " ");
  if (threads.size() > shown)
    os << " .. (" << threads.size() << ")";
}

static void printExtent(llvm::raw_ostream &os, const Extent &e) { os << "(" << e[0] << "," << e[1] << "," << e[2] << ")"; }

llvm::raw_ostream &operator<<(llvm::raw_ostream &os, const Hazard &hazard) {
  os << name(hazard.kind) << ": block ";
  printExtent(os, hazard.block);
  os << " thread ";
  printThreads(os, hazard.threads);
  if (hazard.otherBlock)
    printExtent(os << ", the last in block ", *hazard.otherBlock);
  if (hazard.bytes)
    os << ", " << hazard.bytes << " bytes at " << llvm::format_hex(hazard.address, 2);
  os << ", in `" << hazard.where << "`";
  if (!hazard.otherWhere.empty())
    os << ", against `" << hazard.otherWhere << "`";
  if (hazard.count > 1)
    os << ", " << hazard.count << " times";
  return os;
}

bool Report::has(HazardKind kind) const {
  return llvm::any_of(hazards, [&](const Hazard &h) { return h.kind == kind; });
}

llvm::raw_ostream &operator<<(llvm::raw_ostream &os, const Report &report) {
  for (const Hazard &hazard : report.hazards)
    os << hazard << "\n";
  const Counts &c = report.counts;
  os << "shared reads " << c.sharedReads << ", writes " << c.sharedWrites << "; global reads " << c.globalReads << ", writes " << c.globalWrites
     << "; barriers " << c.barriers << "\n";
  for (const auto &[operation, count] : c.operations)
    os << "  " << operation << " " << count << "\n";
  return os;
}

} // namespace seqc::sim
