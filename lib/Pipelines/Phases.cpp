// SPDX-License-Identifier: Apache-2.0
#include "seqc/Pipelines/Phases.h"
#include "llvm/ADT/STLExtras.h"

namespace seqc {

static constexpr PhaseInfo kPhases[] = {
    {Phase::Seq, "seq", "mlir", true},         {Phase::SeqOpt, "seq-opt", "mlir", true}, {Phase::Tile, "tile", "mlir", true},
    {Phase::TileCpu, "tile-cpu", "mlir", false}, {Phase::Llvm, "llvm", "ll", false},       {Phase::Object, "object", "so", false},
    {Phase::Package, "package", "seqc", false}};

llvm::ArrayRef<PhaseInfo> allPhases() { return kPhases; }

std::optional<Phase> parsePhase(llvm::StringRef name) {
  const auto *it = llvm::find_if(kPhases, [&](const PhaseInfo &i) { return i.name == name; });
  return it == std::end(kPhases) ? std::nullopt : std::optional(it->phase);
}

const PhaseInfo &info(Phase phase) { return kPhases[static_cast<size_t>(phase)]; }

} // namespace seqc
