// SPDX-License-Identifier: Apache-2.0
#include "Conv.h"
#include "Frame.h"
#include "../Common/OpKinds.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <cmath>

using namespace mlir;

namespace seqc::convert {

namespace {
seq::ShortConvOp anchorOf(const GroupInfo &info) { return cast<seq::ShortConvOp>(info.anchor()); }

constexpr int64_t kUnrolledTaps = 16; ///< of a loop over taps, and of kernels without one

class ShortConvProgram {
public:
  ShortConvProgram(KernelBuilder &k, seq::ShortConvOp op, const ConvBlock &block)
      : k(k), t{k.b(), k.loc()}, op(op), block(block), taps(cast<RankedTensorType>(op.getW().getType()).getDimSize(1)),
        sum(seq::accumulationType(cast<RankedTensorType>(op.getU().getType()).getElementType())) {}

  FailureOr<Value> emit() {
    if (failed(readOperands()))
      return failure();
    Value acc = bias ? loadPerChannel(t, bias, block, sum) : t.constant(TileMath::type({block.channels, block.times}, sum), 0.0);
    if (state && taps > 1)
      acc = addState(acc);
    acc = addTaps(acc, [&](Value tap) { return loadBlock(t, u, block, t.addi(t.addi(block.time, 1 - taps), tap), sum); });
    return op.getActivation() == "silu" ? silu(acc) : acc;
  }

private:
  LogicalResult readOperands() {
    FailureOr<Value> input = operandView(k, op, op.getU()), kernel = operandView(k, op, op.getW(), {1, 0});
    if (failed(input) || failed(kernel))
      return failure();
    u = *input, w = *kernel;
    for (auto [v, target] : {std::pair(op.getBias(), &bias), std::pair(op.getState(), &state)}) {
      if (!v)
        continue;
      FailureOr<Value> view = operandView(k, op, v);
      if (failed(view))
        return failure();
      *target = *view;
    }
    return success();
  }

  /// acc + sum over taps of w[tap] input(tap).
  Value addTaps(Value acc, function_ref<Value(Value)> input) {
    auto add = [&](Value acc, Value tap) { return t.fma(loadTap(t, w, block, tap, block.channel, sum), input(tap), acc); };
    if (taps <= kUnrolledTaps) {
      for (int64_t j = 0; j < taps; ++j)
        acc = add(acc, k.index(j));
      return acc;
    }
    OpBuilder &b = k.b();
    auto loop = scf::ForOp::create(b, k.loc(), k.index(0), k.index(taps / kUnrolledTaps * kUnrolledTaps), k.index(kUnrolledTaps), acc);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      Value inner = loop.getRegionIterArg(0);
      for (int64_t j = 0; j < kUnrolledTaps; ++j)
        inner = add(inner, t.addi(loop.getInductionVar(), j));
      scf::YieldOp::create(b, k.loc(), inner);
    }
    acc = loop.getResult(0);
    for (int64_t j = taps / kUnrolledTaps * kUnrolledTaps; j < taps; ++j)
      acc = add(acc, k.index(j));
    return acc;
  }

  /// The part of inputs before the first: only programs that start within the first K - 1 times see them.
  Value addState(Value acc) {
    OpBuilder &b = k.b();
    auto branch = scf::IfOp::create(b, k.loc(), acc.getType(), t.less(block.time, k.index(taps - 1)), /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&branch.getElseRegion().front());
    scf::YieldOp::create(b, k.loc(), acc);
    b.setInsertionPointToStart(&branch.getThenRegion().front());
    // Time + tap is the position in the state; beyond its end the input is in u.
    Value with = addTaps(acc, [&](Value tap) { return loadBlock(t, state, block, t.addi(block.time, tap), sum); });
    scf::YieldOp::create(b, k.loc(), with);
    return branch.getResult(0);
  }

  Value silu(Value z) {
    Value one = t.constant(TileMath::typeOf(z), 1.0);
    return t.div(z, t.add(one, t.exp2(t.mul(z, -M_LOG2E))));
  }

  KernelBuilder &k;
  TileMath t;
  seq::ShortConvOp op;
  const ConvBlock &block;
  int64_t taps;
  Type sum;
  Value u, w, bias, state;
};

/// x[L - (K - 1) + j]: an input, or one of the state before.
FailureOr<Value> stateProgram(KernelBuilder &k, seq::ShortConvOp op, const Expr &length, const ConvBlock &block) {
  TileMath t{k.b(), k.loc()};
  int64_t taps = cast<RankedTensorType>(op.getW().getType()).getDimSize(1);
  Type element = cast<RankedTensorType>(op.getU().getType()).getElementType();
  FailureOr<Value> u = operandView(k, op, op.getU());
  if (failed(u))
    return failure();
  Value l = k.expr(length), at = t.addi(t.addi(l, 1 - taps), block.time);
  Value inputs = loadBlock(t, *u, block, at, element);
  if (!op.getState())
    return inputs;
  FailureOr<Value> state = operandView(k, op, op.getState());
  if (failed(state))
    return failure();
  Value before = loadBlock(t, *state, block, t.addi(l, block.time), element);
  auto type = TileMath::type({block.times}, k.b().getI32Type());
  Value times = t.addi(t.iota(block.times), t.splat(type, t.toI32(at)));
  Value isInput = arith::CmpIOp::create(k.b(), k.loc(), arith::CmpIPredicate::sge, times, t.splat(type, t.toI32(k.index(0))));
  return t.select(t.broadcast(isInput, 0, block.channels), inputs, before);
}
} // namespace

SmallVector<Config> shortConvCandidates(const GroupInfo &info, Target target) {
  ConvAxes axes(info);
  auto make = [&](int64_t elements, int64_t times) {
    Config c;
    bool gpu = target == Target::Gpu;
    int64_t bl = gpu ? gpuTileExtent(axes.size(2), times) : tileExtent(axes.size(2), times);
    int64_t limit = std::max<int64_t>(elements / bl, 1),
            bd = gpu ? gpuTileExtent(axes.size(1), llvm::bit_floor(uint64_t(limit))) : tileExtent(axes.size(1), limit);
    c.set("bd", bd);
    c.set("bl", bl);
    if (gpu)
      c.set("warps", gpuWarps(bd * bl));
    return c;
  };
  if (target == Target::Gpu)
    return {make(2048, 512), make(4096, 1024)};
  return {make(4096, 1024), make(8192, 4096)};
}

FailureOr<SmallVector<Value>> emitShortConv(OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config,
                                            SchemeContext &context) {
  seq::ShortConvOp op = anchorOf(info);
  std::string dtype = dtypeName(cast<RankedTensorType>(op.getU().getType()).getElementType());
  llvm::DenseMap<Value, Value> done;
  SmallVector<Value> results;
  llvm::copy_if(info.outputs(), std::back_inserter(results), [](Value v) { return !isSideResult(v); });
  if (!results.empty()) {
    KernelBuilder kernel(context.library, group.getLoc(), "short_conv", context.shapes);
    for (const auto &[name, value] : config.values)
      kernel.setConfig(name, value);
    ConvFrame frame(kernel, info);
    ConvBlock block = frame.start(config.get("bd"), config.get("bl"));
    FailureOr<Value> y = ShortConvProgram(kernel, op, block).emit();
    if (failed(y) || failed(frame.finish(*y)))
      return failure();
    for (auto [v, value] : llvm::zip_equal(results, kernel.launch(host, dtype, results)))
      done[v] = value;
  }
  if (op.hasStateOut() && llvm::is_contained(info.outputs(), op.getStateOut())) {
    KernelBuilder kernel(context.library, group.getLoc(), "short_conv_state", context.shapes);
    std::optional<Expr> length = context.shapes.dim(op.getU(), 2);
    int64_t positions = std::clamp<int64_t>(cast<RankedTensorType>(op.getStateOut().getType()).getDimSize(2), 1, 64);
    int64_t channels = context.target == Target::Gpu ? 64 : 256;
    if (context.target == Target::Gpu) {
      positions = gpuTileExtent(Expr(positions), 64);
      kernel.setConfig("warps", 4);
    }
    FailureOr<Value> state = emitSideResult(host, kernel, op.getStateOut(), dtype, channels, positions,
                                            [&](const ConvBlock &block) { return stateProgram(kernel, op, *length, block); });
    if (failed(state))
      return failure();
    done[op.getStateOut()] = *state;
  }
  return llvm::map_to_vector(info.outputs(), [&](Value v) { return done.lookup(v); });
}

} // namespace seqc::convert
