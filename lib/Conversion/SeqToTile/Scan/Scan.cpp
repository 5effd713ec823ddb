// SPDX-License-Identifier: Apache-2.0
#include "Scan.h"
#include "ScanProgram.h"
#include "seqc/Support/Diagnostics.h"

using namespace mlir;

namespace seqc::convert {

SmallVector<Config> scanCandidates(const GroupInfo &info, Target target) {
  Operation *op = info.anchor();
  bool isSelective = isa<seq::SelectiveScanOp>(op);
  auto selective = dyn_cast<seq::SelectiveScanOp>(op);
  bool manyStates = selective && cast<RankedTensorType>(selective.getA().getType()).getDimSize(1) >= 8; // two threads share a row
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  auto sizeOf = [&](int64_t d) { return type.isDynamicDim(d) ? Expr::name("size") : Expr(type.getDimSize(d)); };
  auto make = [&](int64_t rows, int64_t chunk) {
    Config c;
    c.set("rows", tileExtent(sizeOf(1), rows));
    c.set("chunk", tileExtent(sizeOf(2), chunk));
    return c;
  };
  auto makeGpu = [&](int64_t rows, int64_t chunk) {
    Config c;
    c.set("rows", gpuTileExtent(sizeOf(1), rows));
    c.set("chunk", gpuTileExtent(sizeOf(2), chunk));
    c.set("ahead", isSelective);
    c.set("warps", 4);
    return c;
  };
  // A thread reads 16 bytes of its row at a time.
  if (target == Target::Gpu)
    return {makeGpu(manyStates ? 64 : 128, std::clamp<int64_t>(128 / type.getElementTypeBitWidth(), 1, 8))};
  return isSelective ? SmallVector<Config>{make(16, 64), make(8, 32)} : SmallVector<Config>{make(16, 128), make(8, 64)};
}

FailureOr<SmallVector<Value>> emitScan(OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config, SchemeContext &context) {
  KernelBuilder kernel(context.library, group.getLoc(), "scan_rows", context.shapes);
  for (const auto &[name, value] : config.values)
    kernel.setConfig(name, value);
  ScanConfig extents{config.get("rows"), config.get("chunk"), config.get("ahead") != 0};
  auto linear = dyn_cast<seq::LinearScanOp>(info.anchor());
  LogicalResult emitted = linear ? emitLinearScan(kernel, linear, extents) : emitSelectiveScan(kernel, cast<seq::SelectiveScanOp>(info.anchor()), extents);
  if (failed(emitted))
    return failure();
  return kernel.launch(host, groupDtype(info), info.outputs());
}

} // namespace seqc::convert
