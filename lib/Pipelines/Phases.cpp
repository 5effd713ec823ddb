// SPDX-License-Identifier: Apache-2.0
#include "seqc/Pipelines/Phases.h"
#include "llvm/ADT/STLExtras.h"

namespace seqc {

// In the order of the enumeration.
static constexpr PhaseInfo kPhases[] = {
    {Phase::Seq, "seq", "mlir", "", 0, true, true},          {Phase::SeqOpt, "seq-opt", "mlir", "", 1, true, true},
    {Phase::Tile, "tile", "mlir", "", 2, true, true},        {Phase::TileCpu, "tile-cpu", "mlir", "cpu", 3, false, true},
    {Phase::Llvm, "llvm", "ll", "cpu", 4, false, true},      {Phase::Object, "object", "so", "cpu", 5, false, false},
    {Phase::TileLayout, "tile-layout", "mlir", "sm_90a", 3, false, true}, {Phase::Nvvm, "nvvm", "mlir", "sm_90a", 4, false, true},
    {Phase::NvvmIr, "nvvm-ir", "ll", "sm_90a", 5, false, true}, {Phase::Ptx, "ptx", "ptx", "sm_90a", 6, false, true},
    {Phase::Cubin, "cubin", "cubin", "sm_90a", 7, false, false}, {Phase::Package, "package", "seqc", "", 9, false, false}};

llvm::ArrayRef<PhaseInfo> allPhases() { return kPhases; }

std::optional<Phase> parsePhase(llvm::StringRef name) {
  const auto *it = llvm::find_if(kPhases, [&](const PhaseInfo &i) { return i.name == name; });
  return it == std::end(kPhases) ? std::nullopt : std::optional(it->phase);
}

const PhaseInfo &info(Phase phase) { return kPhases[static_cast<size_t>(phase)]; }

} // namespace seqc
