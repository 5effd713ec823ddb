// SPDX-License-Identifier: Apache-2.0
// Processor names to vector length and feature strings, by LLVM's own tables.
#include "seqc/Conversion/CpuTarget.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/TargetParser/X86TargetParser.h"

using namespace llvm;

namespace seqc {

static constexpr StringLiteral kRequired[] = {"avx2", "fma", "f16c"};

static Expected<CpuTarget> finish(StringRef name, CpuTarget target, const StringSet<> &enabled) {
  for (StringRef feature : kRequired)
    if (!enabled.contains(feature))
      return createStringError("expects target CPU with AVX2, FMA and F16C, but got '" + name + "' without " + feature);
  // avx512vl implies avx512f, which the tables do not always spell out.
  bool wide = enabled.contains("avx512vl") && enabled.contains("avx512bw") && enabled.contains("avx512dq");
  target.vectorBits = wide ? 512 : 256;
  // By default LLVM splits 512-bit vectors on processors that once throttled; the emitters choose the width themselves.
  if (wide)
    target.features += target.features.empty() ? "-prefer-256-bit" : ",-prefer-256-bit";
  return target;
}

static Expected<CpuTarget> getNative(CpuTarget target) {
  if (Triple(sys::getDefaultTargetTriple()).getArch() != Triple::x86_64)
    return createStringError("expects target CPU 'native' on an x86-64 host, but got host '" + sys::getDefaultTargetTriple() + "'");
  target.cpu = sys::getHostCPUName().str();
  StringSet<> enabled;
  SmallVector<std::string> parts;
  for (const auto &feature : sys::getHostCPUFeatures()) {
    parts.push_back((feature.second ? "+" : "-") + feature.first().str());
    if (feature.second)
      enabled.insert(feature.first());
  }
  llvm::sort(parts); // StringMap order is not stable from run to run
  target.features = join(parts, ",");
  return finish("native", std::move(target), enabled);
}

Expected<CpuTarget> CpuTarget::get(StringRef name) {
  CpuTarget target;
  target.triple = "x86_64-unknown-linux-gnu";
  if (name == "native")
    return getNative(std::move(target));
  if (X86::parseArchX86(name, /*Only64Bit=*/true) == X86::CK_None)
    return createStringError("expects target CPU to be 'native' or an x86-64 processor name known to LLVM, but got '" + name + "'");
  target.cpu = name.str();
  SmallVector<StringRef> features;
  X86::getFeaturesForCPU(name, features);
  StringSet<> enabled;
  for (StringRef feature : features)
    enabled.insert(feature);
  return finish(name, std::move(target), enabled);
}

} // namespace seqc
