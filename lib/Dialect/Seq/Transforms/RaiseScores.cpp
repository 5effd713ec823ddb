// SPDX-License-Identifier: Apache-2.0
#include "RaiseScores.h"
#include "seqc/Dialect/Seq/Transforms/Forms.h"
#include <cmath>

using namespace mlir;
using namespace seqc::seq;

static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

//===-- Chain ------------------------------------------------------------------------===//

/// Reshape between rank 4 and rank 3 that joins the two leading dims.
static bool joinsHeads(ArrayRef<ReassociationIndices> groups) {
  return groups.size() == 3 && groups[0].size() == 2 && groups[1].size() == 1 && groups[2].size() == 1;
}

Value Peeler::peel(Value v) {
  while (Operation *op = v.getDefiningOp()) {
    if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op); expand && joinsHeads(expand.getReassociationIndices()))
      rank4 = expand.getResult();
    else if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op); collapse && joinsHeads(collapse.getReassociationIndices()))
      rank4 = collapse.getSrc();
    else if (!isa<arith::ExtFOp, arith::TruncFOp>(op))
      break;
    ops.insert(op);
    v = op->getOperand(0);
  }
  return v;
}

static Value peelOnly(Value v) { return Peeler().peel(v); }

static bool comesFromProduct(Value v, unsigned depth = 0) {
  Operation *op = peelOnly(v).getDefiningOp();
  if (isa_and_nonnull<linalg::BatchMatmulOp>(op))
    return true;
  return depth < 32 && isElementwise(op) && llvm::any_of(op->getOperands(), [&](Value o) { return comesFromProduct(o, depth + 1); });
}

/// A factor of a multiplication or division by a splat; nullopt otherwise.
static std::optional<double> factor(Step s) {
  if (isa<arith::MulFOp>(s.op))
    return splatValue(s.op->getOperand(1 - s.chain));
  if (isa<arith::DivFOp>(s.op) && s.chain == 0)
    if (std::optional<double> c = splatValue(s.op->getOperand(1)))
      return 1.0 / *c;
  return std::nullopt;
}

static bool isScale(std::optional<double> c) { return c && *c > 0.0 && std::isfinite(*c); }

static std::optional<Mask> maskOf(Step s) {
  auto select = dyn_cast<arith::SelectOp>(s.op);
  if (!select || s.chain == 0)
    return std::nullopt;
  std::optional<double> other = splatValue(select->getOperand(3 - s.chain));
  if (!other || *other != -INFINITY)
    return std::nullopt;
  return Mask{select.getCondition(), s.chain == 1};
}

/// True if the added value is in memory (or a broadcast of such), not computed from positions.
static bool isBias(Value v) { return !isElementwise(peelOnly(v).getDefiningOp()) && !splatAttr(v) && !peelOnly(v).getDefiningOp<IotaOp>(); }

static void setBias(Scores &s, Value v) {
  // Conversions stay outside the op only if they are between the broadcast and its use.
  if (auto broadcast = v.getDefiningOp<linalg::BroadcastOp>()) {
    s.bias = broadcast.getInput();
    s.biasDims = llvm::to_vector(broadcast.getDimensions());
  } else {
    s.bias = v;
  }
}

std::optional<Scores> seqc::seq::matchScores(Peeler &peeler, Value scores, std::string &reason) {
  SmallVector<Step> steps;
  Value v = peeler.peel(scores);
  while (!v.getDefiningOp<linalg::BatchMatmulOp>()) {
    Operation *op = v.getDefiningOp();
    if (!isElementwise(op))
      return std::nullopt;
    SmallVector<unsigned> chains;
    for (OpOperand &operand : op->getOpOperands())
      if (comesFromProduct(operand.get()))
        chains.push_back(operand.getOperandNumber());
    if (chains.empty())
      return std::nullopt;
    if (chains.size() > 1) {
      reason = ("'" + op->getName().getStringRef() + "' combines two values that come from matrix products").str();
      return std::nullopt;
    }
    peeler.ops.insert(op);
    steps.push_back({op, chains.front()});
    v = peeler.peel(op->getOperand(chains.front()));
  }
  Scores s;
  s.product = v.getDefiningOp<linalg::BatchMatmulOp>();
  peeler.ops.insert(s.product);
  std::reverse(steps.begin(), steps.end());
  for (size_t i = 0; i < steps.size(); ++i) {
    Step step = steps[i];
    bool raw = !s.softcap && !s.bias && s.mod.empty() && s.masks.empty();
    std::optional<double> c = factor(step);
    std::optional<double> next = i + 1 < steps.size() ? factor(steps[i + 1]) : std::nullopt;
    if (raw && isScale(c)) {
      s.scale *= *c;
    } else if (raw && isa<math::TanhOp>(step.op) && isScale(next)) {
      s.softcap = *next;
      s.scale *= *next;
      ++i;
    } else if (std::optional<Mask> mask = maskOf(step)) {
      s.masks.push_back(*mask);
    } else if (isa<arith::AddFOp>(step.op) && !s.bias && s.mod.empty() && isBias(step.op->getOperand(1 - step.chain))) {
      setBias(s, step.op->getOperand(1 - step.chain));
    } else if (s.masks.empty() || isa<arith::AddFOp>(step.op)) {
      s.mod.push_back(step);
    } else {
      reason = ("'" + step.op->getName().getStringRef() + "' is applied to scores that are already masked").str();
      return std::nullopt;
    }
  }
  return s;
}

//===-- Scalar code ----------------------------------------------------------------------===//

static Value constantIndex(OpBuilder &b, Location loc, int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

Value Scalarizer::element(Value tensor) {
  if (typeOf(tensor).getRank() == 4)
    return element(tensor, {c.b, c.h, c.m, c.n}, 0);
  Value group = c.b;
  if (c.heads)
    group = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, c.b, c.heads), c.h);
  return element(tensor, {group, c.m, c.n}, 0);
}

/// Coordinates of the operand of a reshape that only adds or removes dims of size 1.
std::optional<SmallVector<Value>> Scalarizer::throughReshape(Operation *op, ArrayRef<Value> coords) {
  auto wide = [](ArrayRef<int64_t> shape, ArrayRef<int64_t> group) { return llvm::count_if(group, [&](int64_t d) { return shape[d] != 1; }); };
  SmallVector<Value> result;
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    ArrayRef<int64_t> shape = expand.getResultType().getShape();
    for (const ReassociationIndices &group : expand.getReassociationIndices()) {
      if (wide(shape, group) > 1)
        return std::nullopt;
      auto it = llvm::find_if(group, [&](int64_t d) { return shape[d] != 1; });
      result.push_back(coords[it == group.end() ? group.front() : *it]);
    }
    return result;
  }
  auto collapse = cast<tensor::CollapseShapeOp>(op);
  ArrayRef<int64_t> shape = collapse.getSrcType().getShape();
  for (auto [g, group] : llvm::enumerate(collapse.getReassociationIndices())) {
    if (wide(shape, group) > 1)
      return std::nullopt;
    for (int64_t d : group)
      result.push_back(shape[d] == 1 ? constantIndex(b, loc, 0) : coords[g]);
  }
  return result;
}

Value Scalarizer::element(Value tensor, ArrayRef<Value> coords, unsigned depth) {
  if (TypedAttr scalar = splatAttr(tensor))
    return arith::ConstantOp::create(b, loc, scalar);
  Operation *op = tensor.getDefiningOp();
  if (depth < 24 && isElementwise(op)) {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(element(operand, coords, depth + 1));
    OperationState state(op->getLoc(), op->getName(), operands, typeOf(tensor).getElementType(), op->getAttrs());
    return b.create(state)->getResult(0);
  }
  if (auto broadcast = dyn_cast_or_null<linalg::BroadcastOp>(op)) {
    SmallVector<Value> kept;
    for (auto [d, coord] : llvm::enumerate(coords))
      if (!llvm::is_contained(broadcast.getDimensions(), static_cast<int64_t>(d)))
        kept.push_back(coord);
    return element(broadcast.getInput(), kept, depth + 1);
  }
  if (auto transpose = dyn_cast_or_null<linalg::TransposeOp>(op)) {
    SmallVector<Value> source(coords.size());
    for (auto [d, from] : llvm::enumerate(transpose.getPermutation()))
      source[from] = coords[d];
    return element(transpose.getInput(), source, depth + 1);
  }
  if (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
    if (std::optional<SmallVector<Value>> source = throughReshape(op, coords))
      return element(op->getOperand(0), *source, depth + 1);
  if (auto iota = dyn_cast_or_null<IotaOp>(op))
    return arith::IndexCastOp::create(b, loc, typeOf(tensor).getElementType(), coords[iota.getDim()]);
  SmallVector<Value> at(coords);
  for (auto [d, size] : llvm::enumerate(typeOf(tensor).getShape()))
    if (size == 1)
      at[d] = constantIndex(b, loc, 0);
  return tensor::ExtractOp::create(b, loc, tensor, at);
}

/// Widening or narrowing between float types.
static Value convert(OpBuilder &b, Location loc, Value v, Type to) {
  if (v.getType() == to || !isa<FloatType>(v.getType()))
    return v;
  if (v.getType().getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(b, loc, to, v);
  return arith::TruncFOp::create(b, loc, to, v);
}

Value Scalarizer::replay(ArrayRef<Step> steps, Value score) {
  Type type = score.getType();
  for (Step step : steps) {
    SmallVector<Value> operands;
    for (OpOperand &operand : step.op->getOpOperands())
      operands.push_back(operand.getOperandNumber() == step.chain ? score : convert(b, loc, element(operand.get()), type));
    OperationState state(step.op->getLoc(), step.op->getName(), operands, type, step.op->getAttrs());
    score = b.create(state)->getResult(0);
  }
  return score;
}
