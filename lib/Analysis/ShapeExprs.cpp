// SPDX-License-Identifier: Apache-2.0
#include "seqc/Analysis/ShapeExprs.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Dialect/Tile/IR/Tile.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace seqc {

ShapeExprs::ShapeExprs(func::FuncOp function) : func(function) {
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto type = dyn_cast<RankedTensorType>(function.getArgument(i).getType());
    for (int64_t d = 0; type && d < type.getRank(); ++d) {
      Expr e = argumentDim(i, d);
      if (e.op() == Expr::Op::Name && origin.try_emplace(e.name(), std::pair(i, d)).second)
        order.push_back(e.name());
    }
  }
}

Expr ShapeExprs::argumentDim(unsigned arg, int64_t d) const {
  auto type = cast<RankedTensorType>(func.getArgument(arg).getType());
  if (!type.isDynamicDim(d))
    return Expr(type.getDimSize(d));
  if (auto dims = func.getArgAttrOfType<ArrayAttr>(arg, seq::kDimsAttr); dims && d < static_cast<int64_t>(dims.size()))
    if (auto name = dyn_cast<StringAttr>(dims[d]))
      return Expr::name(name.getValue());
  return Expr::name("arg" + std::to_string(arg) + "_d" + std::to_string(d));
}

std::optional<SmallVector<Expr>> ShapeExprs::shape(Value tensor) {
  SmallVector<Expr> sizes;
  for (int64_t d = 0, rank = cast<RankedTensorType>(tensor.getType()).getRank(); d < rank; ++d) {
    std::optional<Expr> e = dim(tensor, d);
    if (!e)
      return std::nullopt;
    sizes.push_back(*e);
  }
  return sizes;
}

static std::optional<Expr> limited(std::optional<Expr> e) { return e && e->size() > Expr::kMaxSize ? std::nullopt : std::move(e); }

std::optional<Expr> ShapeExprs::dim(Value tensor, int64_t d) {
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!type || d < 0 || d >= type.getRank())
    return std::nullopt;
  if (!type.isDynamicDim(d))
    return Expr(type.getDimSize(d));
  if (auto arg = dyn_cast<BlockArgument>(tensor))
    return arg.getOwner() == &func.getBody().front() ? std::optional(argumentDim(arg.getArgNumber(), d)) : std::nullopt;
  auto it = memo.find({tensor, d});
  if (it != memo.end())
    return it->second;
  std::optional<Expr> e = limited(compute(cast<OpResult>(tensor), d));
  memo.try_emplace({tensor, d}, e);
  return e;
}

std::optional<Expr> ShapeExprs::index(OpFoldResult v) {
  if (auto value = dyn_cast<Value>(v))
    return index(value);
  return Expr(cast<IntegerAttr>(cast<Attribute>(v)).getInt());
}

std::optional<Expr> ShapeExprs::index(Value v) {
  APInt constant;
  if (matchPattern(v, m_ConstantInt(&constant)))
    return Expr(constant.getSExtValue());
  auto it = indexMemo.find(v);
  if (it != indexMemo.end())
    return it->second;
  Operation *op = v.getDefiningOp();
  if (!op)
    return std::nullopt;
  std::optional<Expr> e;
  if (auto dimOp = dyn_cast<tensor::DimOp>(op)) {
    if (std::optional<int64_t> d = dimOp.getConstantIndex())
      e = dim(dimOp.getSource(), *d);
  } else {
    e = arithExpr(op, [&](Value operand) { return index(operand); });
  }
  e = limited(std::move(e));
  indexMemo.try_emplace(v, e);
  return e;
}

static std::optional<Expr::Op> comparison(arith::CmpIPredicate p) {
  switch (p) {
  case arith::CmpIPredicate::eq:
    return Expr::Op::Eq;
  case arith::CmpIPredicate::ne:
    return Expr::Op::Ne;
  case arith::CmpIPredicate::slt:
    return Expr::Op::Lt;
  case arith::CmpIPredicate::sle:
    return Expr::Op::Le;
  default:
    return std::nullopt;
  }
}

std::optional<Expr> arithExpr(Operation *op, function_ref<std::optional<Expr>(Value)> operand) {
  if (isa<arith::IndexCastOp, arith::ExtSIOp, arith::TruncIOp>(op))
    return operand(op->getOperand(0));
  if (isa<arith::IndexCastUIOp, arith::ExtUIOp>(op) && op->getOperand(0).getType().isInteger(1))
    return operand(op->getOperand(0));
  if (op->getNumOperands() != 2)
    return std::nullopt;
  std::optional<Expr::Op> kind = TypeSwitch<Operation *, std::optional<Expr::Op>>(op)
                                     .Case([](arith::AddIOp) { return Expr::Op::Add; })
                                     .Case([](arith::SubIOp) { return Expr::Op::Sub; })
                                     .Case([](arith::MulIOp) { return Expr::Op::Mul; })
                                     .Case<arith::FloorDivSIOp, arith::DivSIOp, arith::DivUIOp>([](auto) { return Expr::Op::FloorDiv; })
                                     .Case<arith::CeilDivSIOp, arith::CeilDivUIOp>([](auto) { return Expr::Op::CeilDiv; })
                                     .Case<arith::RemSIOp, arith::RemUIOp>([](auto) { return Expr::Op::Mod; })
                                     .Case<arith::MinSIOp, arith::MinUIOp>([](auto) { return Expr::Op::Min; })
                                     .Case<arith::MaxSIOp, arith::MaxUIOp>([](auto) { return Expr::Op::Max; })
                                     .Case([](arith::CmpIOp e) { return comparison(e.getPredicate()); })
                                     .Default([](Operation *) { return std::nullopt; });
  if (!kind)
    return std::nullopt;
  std::optional<Expr> a = operand(op->getOperand(0)), b = operand(op->getOperand(1));
  if (!a || !b)
    return std::nullopt;
  return Expr::get(*kind, *a, *b);
}

/// Dim `d` of a result whose dims that are not in `dropped` come in order from dims of `source`.
static int64_t sourceDim(const llvm::SmallBitVector &dropped, int64_t d) {
  for (unsigned s = 0; s < dropped.size(); ++s)
    if (!dropped.test(s) && d-- == 0)
      return s;
  return -1;
}

std::optional<Expr> ShapeExprs::compute(OpResult result, int64_t d) {
  Operation *op = result.getOwner();
  using Result = std::optional<Expr>;
  return TypeSwitch<Operation *, Result>(op)
      .Case([&](tensor::EmptyOp e) { return index(e.getMixedSizes()[d]); })
      .Case([&](seq::IotaOp e) { return index(e.getSizes()[e.getType().getDynamicDimIndex(d)]); })
      .Case([&](linalg::BroadcastOp e) -> Result {
        if (llvm::is_contained(e.getDimensions(), d))
          return dim(e.getInit(), d);
        return dim(e.getInput(), d - llvm::count_if(e.getDimensions(), [&](int64_t added) { return added < d; }));
      })
      .Case([&](linalg::TransposeOp e) { return dim(e.getInput(), e.getPermutation()[d]); })
      .Case([&](linalg::ReduceOp e) -> Result {
        for (int64_t s = 0, kept = 0; s < cast<RankedTensorType>(e.getInputs()[0].getType()).getRank(); ++s)
          if (!llvm::is_contained(e.getDimensions(), s) && kept++ == d)
            return dim(e.getInputs()[0], s);
        return std::nullopt;
      })
      .Case<linalg::MatmulOp, linalg::BatchMatmulOp>([&](linalg::LinalgOp e) -> Result {
        int64_t rank = cast<RankedTensorType>(result.getType()).getRank();
        return dim(e.getDpsInputs()[d == rank - 1 ? 1 : 0], d);
      })
      .Case([&](linalg::MapOp e) { return dim(e.getInputs().empty() ? e.getInit() : e.getInputs()[0], d); })
      .Case([&](seq::SsmKernelOp e) { return d == 0 ? dim(e.getLambda(), 0) : index(e.getLength()); })
      .Case([&](tensor::ExpandShapeOp e) { return index(e.getMixedOutputShape()[d]); })
      .Case([&](tensor::CollapseShapeOp e) -> Result {
        Expr product(1);
        ReassociationIndices group = e.getReassociationIndices()[d];
        for (int64_t s : group) {
          Result part = dim(e.getSrc(), s);
          if (!part)
            return std::nullopt;
          product = product * *part;
        }
        return product;
      })
      .Case([&](tensor::ExtractSliceOp e) -> Result {
        int64_t s = sourceDim(e.getDroppedDims(), d);
        return s < 0 ? std::nullopt : index(e.getMixedSizes()[s]);
      })
      .Case([&](tensor::PadOp e) -> Result {
        Result low = index(e.getMixedLowPad()[d]), high = index(e.getMixedHighPad()[d]), size = dim(e.getSource(), d);
        return low && high && size ? Result(*low + *size + *high) : std::nullopt;
      })
      .Case([&](tensor::ConcatOp e) -> Result {
        if (static_cast<int64_t>(e.getDim()) != d)
          return dim(e.getInputs()[0], d);
        Expr sum(0);
        for (Value v : e.getInputs()) {
          Result part = dim(v, d);
          if (!part)
            return std::nullopt;
          sum = sum + *part;
        }
        return sum;
      })
      .Case([&](tensor::GatherOp e) -> Result {
        int64_t leading = cast<RankedTensorType>(e.getIndices().getType()).getRank() - 1;
        if (d < leading)
          return dim(e.getIndices(), d);
        int64_t kept = d - leading;
        bool reduced = cast<RankedTensorType>(e.getType()).getRank() < leading + e.getSourceType().getRank();
        for (int64_t s = 0; reduced && s < e.getSourceType().getRank(); ++s)
          if (!llvm::is_contained(e.getGatherDims(), s) && kept-- == 0)
            return dim(e.getSource(), s);
        return reduced ? std::nullopt : dim(e.getSource(), kept);
      })
      .Case([&](tensor::CastOp e) { return dim(e.getSource(), d); })
      .Case([&](seq::AttentionOp e) -> Result {
        if (result.getResultNumber() == 0 && d == 3)
          return dim(e.getV(), 3);
        return dim(e.getQ(), d);
      })
      .Case([&](seq::LinearScanOp e) { return dim(e.getB(), d); })
      .Case<seq::ButterflyOp, seq::FftOp>([&](auto e) { return dim(e.getX(), d); })
      .Case([&](seq::RfftOp e) -> Result {
        Result n = dim(e.getX(), d);
        bool last = d + 1 == cast<RankedTensorType>(result.getType()).getRank();
        return n && last ? Result(floorDiv(*n, Expr(2)) + Expr(1)) : n;
      })
      .Case([&](seq::IrfftOp e) { return d + 1 == cast<RankedTensorType>(result.getType()).getRank() ? index(e.getSize()) : dim(e.getX(), d); })
      .Case([&](seq::SelectiveScanOp e) -> Result {
        if (result.getResultNumber() == 0 || d == 1)
          return dim(e.getU(), d);
        if (d == 2)
          return dim(e.getA(), 1);
        Result ends = e.isPacked() ? dim(e.getCuSeqlens(), 0) : std::nullopt;
        return !e.isPacked() ? dim(e.getU(), 0) : ends ? Result(*ends - Expr(1)) : ends;
      })
      .Case([&](seq::LongConvOp e) -> Result {
        Result taps = result.getResultNumber() == 1 && d == 2 ? dim(e.getK(), 1) : std::nullopt;
        return taps ? Result(*taps - Expr(1)) : dim(e.getU(), d);
      })
      .Case([&](seq::ShortConvOp e) { return dim(e.getU(), d); }) // the taps are static, and so is the last dim of the state
      .Case([&](seq::GroupOp e) { return dim(e.getBody().front().getTerminator()->getOperand(result.getResultNumber()), d); })
      .Case([&](tile::LaunchOp e) { return dim(e.getOuts()[result.getResultNumber()], d); })
      .Default([&](Operation *other) -> Result {
        if (!other->hasTrait<OpTrait::Elementwise>())
          return std::nullopt;
        for (Value v : other->getOperands())
          if (auto type = dyn_cast<RankedTensorType>(v.getType()); type && type.getRank() > d)
            if (Result e = dim(v, d))
              return e;
        return std::nullopt;
      });
}

Value materializeExpr(OpBuilder &b, Location loc, const Expr &e, function_ref<Value(StringRef)> leaf) {
  if (e.isConst())
    return arith::ConstantIndexOp::create(b, loc, e.value());
  if (e.op() == Expr::Op::Name)
    return leaf(e.name());
  Value x = materializeExpr(b, loc, e.lhs(), leaf), y = materializeExpr(b, loc, e.rhs(), leaf);
  auto compare = [&](arith::CmpIPredicate p) -> Value {
    Value bit = arith::CmpIOp::create(b, loc, p, x, y);
    return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), bit);
  };
  switch (e.op()) {
  case Expr::Op::Add:
    return arith::AddIOp::create(b, loc, x, y);
  case Expr::Op::Sub:
    return arith::SubIOp::create(b, loc, x, y);
  case Expr::Op::Mul:
    return arith::MulIOp::create(b, loc, x, y);
  case Expr::Op::FloorDiv:
    return arith::FloorDivSIOp::create(b, loc, x, y);
  case Expr::Op::CeilDiv:
    return arith::CeilDivSIOp::create(b, loc, x, y);
  case Expr::Op::Mod: { // of the floor division
    Value q = arith::FloorDivSIOp::create(b, loc, x, y);
    return arith::SubIOp::create(b, loc, x, arith::MulIOp::create(b, loc, q, y));
  }
  case Expr::Op::Min:
    return arith::MinSIOp::create(b, loc, x, y);
  case Expr::Op::Max:
    return arith::MaxSIOp::create(b, loc, x, y);
  case Expr::Op::Eq:
    return compare(arith::CmpIPredicate::eq);
  case Expr::Op::Ne:
    return compare(arith::CmpIPredicate::ne);
  case Expr::Op::Lt:
    return compare(arith::CmpIPredicate::slt);
  case Expr::Op::Le:
    return compare(arith::CmpIPredicate::sle);
  case Expr::Op::And: // operands are 0 or 1
    return arith::MinSIOp::create(b, loc, x, y);
  case Expr::Op::Or:
    return arith::MaxSIOp::create(b, loc, x, y);
  case Expr::Op::Const:
  case Expr::Op::Name:
    break;
  }
  llvm_unreachable("handled above");
}

Value ShapeExprs::materialize(OpBuilder &b, Location loc, const Expr &e) const {
  return materializeExpr(b, loc, e, [&](StringRef name) -> Value {
    auto it = origin.find(name);
    assert(it != origin.end() && "expression over names of this function");
    Value &dim = hostDims[name];
    if (!dim) {
      OpBuilder entry = OpBuilder::atBlockBegin(&func.getBody().front());
      BlockArgument arg = func.getArgument(it->second.first);
      dim = tensor::DimOp::create(entry, arg.getLoc(), arg, arith::ConstantIndexOp::create(entry, arg.getLoc(), it->second.second));
    }
    return dim;
  });
}

} // namespace seqc
