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
  int64_t groups = 1;
  for (Value v : selective ? SmallVector<Value>{selective.getB(), selective.getC()} : SmallVector<Value>())
    if (selective.isInTime(v))
      groups = cast<RankedTensorType>(v.getType()).getDimSize(1);
  // Of one group, since no block has channels of two.
  auto channels = [&]() {
    bool isKnown = !type.isDynamicDim(1) && !ShapedType::isDynamic(groups);
    return isKnown ? Expr(type.getDimSize(1) / std::max<int64_t>(groups, 1)) : Expr::name("size");
  };
  auto length = [&]() { return type.isDynamicDim(2) ? Expr::name("size") : Expr(type.getDimSize(2)); };
  auto make = [&](int64_t rows, int64_t chunk) {
    Config c;
    c.set("rows", tileExtent(channels(), rows));
    c.set("chunk", tileExtent(length(), chunk));
    return c;
  };
  auto makeGpu = [&](int64_t rows, int64_t chunk) {
    Config c;
    c.set("rows", gpuTileExtent(channels(), rows));
    c.set("chunk", gpuTileExtent(length(), chunk));
    c.set("ahead", isSelective);
    c.set("warps", 4);
    return c;
  };
  auto complex = dyn_cast<ComplexType>(type.getElementType());
  int64_t bits = complex ? 2 * complex.getElementType().getIntOrFloatBitWidth() : type.getElementTypeBitWidth();
  // A thread reads 16 bytes of its row at a time.
  if (target == Target::Gpu)
    return {makeGpu(manyStates ? 64 : 128, std::max<int64_t>(128 / bits, 1))};
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
