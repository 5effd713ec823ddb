// SPDX-License-Identifier: Apache-2.0
#include "Scheme.h"
#include "../Attention/Attention.h"
#include "../Butterfly/Butterfly.h"
#include "../Conv/Conv.h"
#include "../Matmul/Matmul.h"
#include "../Pointwise/Pointwise.h"
#include "../Scan/Scan.h"
#include "../SsmKernel/SsmKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace seqc::convert {

ArrayRef<Scheme> schemes() {
  static const Scheme table[] = {{"pointwise", pointwiseCandidates, emitPointwise},
                                 {"matmul", matmulCandidates, emitMatmul},
                                 {"attention", attentionCandidates, emitAttention, attentionVariants},
                                 {"scan_rows", scanCandidates, emitScan},
                                 {"butterfly", butterflyCandidates, emitButterfly},
                                 {"ssm_kernel", ssmKernelCandidates, emitSsmKernel},
                                 {"long_conv", longConvCandidates, emitLongConv},
                                 {"short_conv", shortConvCandidates, emitShortConv}};
  return table;
}

const Scheme *findScheme(StringRef name) {
  for (const Scheme &s : schemes())
    if (s.name == name)
      return &s;
  return nullptr;
}

int64_t Config::get(StringRef name) const {
  for (const auto &[n, v] : values)
    if (n == name)
      return v;
  return 0;
}

void Config::set(StringRef name, int64_t value) {
  for (auto &[n, v] : values)
    if (n == name) {
      v = value;
      return;
    }
  values.push_back({name.str(), value});
}

std::string Config::text() const {
  std::string out;
  for (const auto &[n, v] : values)
    out += (out.empty() ? "" : ", ") + n + " = " + std::to_string(v);
  return out;
}

int64_t tileExtent(const Expr &size, int64_t limit, int64_t multiple) {
  if (!size.isConst())
    return limit;
  // As many blocks as the limit asks for, of equal extent: 192 in two blocks of 96, not 128 and a half-empty one.
  int64_t n = std::max<int64_t>(size.value(), 1), blocks = llvm::divideCeil(n, limit), extent = llvm::divideCeil(n, blocks);
  return extent < multiple ? extent : std::min<int64_t>(llvm::alignTo(extent, multiple), limit);
}

int64_t gpuTileExtent(const Expr &size, int64_t limit, int64_t multiple) {
  if (!size.isConst())
    return limit;
  int64_t n = std::clamp<int64_t>(size.value(), 1, limit);
  int64_t grain = std::max<int64_t>(llvm::bit_floor(static_cast<uint64_t>(n)) / 4, 1);
  return llvm::alignTo(llvm::alignTo(n, grain), multiple);
}

int64_t gpuWarps(int64_t elements) { return std::clamp<int64_t>(llvm::bit_floor(static_cast<uint64_t>(std::max<int64_t>(elements / 512, 1))), 4, 16); }

void assignGrid(TileEmitter &emitter, const GroupInfo &info, ArrayRef<unsigned> gridAxes) {
  KernelBuilder &kernel = emitter.builder();
  OpBuilder &b = kernel.b();
  SmallVector<unsigned> used; // innermost first
  for (unsigned a : llvm::reverse(gridAxes))
    if (!info.axes()[a].size.isConst(1))
      used.push_back(a);
  auto count = [&](unsigned a) {
    const Expr &size = info.axes()[a].size;
    return emitter.axis(a).extent ? ceilDiv(size, Expr(emitter.axis(a).extent)) : size;
  };
  auto setStart = [&](unsigned a, Value id) {
    int64_t extent = emitter.axis(a).extent;
    if (count(a).isConst(1))
      return; // one block: starts at 0
    emitter.axis(a).start = extent > 1 ? Value(arith::MulIOp::create(b, kernel.loc(), id, kernel.index(extent))) : id;
  };
  SmallVector<unsigned> blocks;
  for (unsigned a : used)
    if (!count(a).isConst(1))
      blocks.push_back(a);
  SmallVector<Expr> grid;
  for (size_t i = 0; i < blocks.size() && (i < 2 || blocks.size() == 3); ++i) {
    setStart(blocks[i], kernel.programId(i));
    grid.push_back(count(blocks[i]));
  }
  if (blocks.size() > 3) { // the rest as one number
    Expr rest(1);
    Value id = kernel.programId(2);
    for (size_t i = 2; i < blocks.size(); ++i) {
      Expr n = count(blocks[i]);
      rest = rest * n;
      bool last = i + 1 == blocks.size();
      setStart(blocks[i], last ? id : Value(arith::RemUIOp::create(b, kernel.loc(), id, kernel.expr(n))));
      if (!last)
        id = arith::DivUIOp::create(b, kernel.loc(), id, kernel.expr(n));
    }
    grid.push_back(rest);
  }
  // Without blocks: one program, none if a dim has extent 0.
  if (grid.empty())
    grid.push_back(Expr(1));
  kernel.setGrid(grid);
}

LogicalResult storeResults(TileEmitter &emitter, const GroupInfo &info) {
  for (Value v : info.outputs())
    if (failed(emitter.store(v)))
      return failure();
  return success();
}

std::string groupDtype(const GroupInfo &info) { return dtypeName(cast<RankedTensorType>(info.outputs()[0].getType()).getElementType()); }

} // namespace seqc::convert
