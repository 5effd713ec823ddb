// SPDX-License-Identifier: Apache-2.0
#include "OpKinds.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace seqc::convert {

namespace {
struct SeqAnchor {
  StringLiteral op, scheme;
  bool hasEpilogue;
};
constexpr SeqAnchor kSeqAnchors[] = {{"seq.attention", "attention", true}, {"seq.butterfly", "butterfly", false}, {"seq.linear_scan", "scan_rows", false}, {"seq.selective_scan", "scan_rows", false}, {"seq.ssm_kernel", "ssm_kernel", true},
                                     {"seq.long_conv", "long_conv", true}, {"seq.short_conv", "short_conv", true}};

const SeqAnchor *findAnchor(Operation *op) {
  const SeqAnchor *entry = llvm::find_if(kSeqAnchors, [&](const SeqAnchor &a) { return op->getName().getStringRef() == a.op; });
  return entry == std::end(kSeqAnchors) ? nullptr : entry;
}
} // namespace

bool isSeqAnchor(Operation *op) { return findAnchor(op); }

bool hasEpilogue(Operation *anchor) {
  const SeqAnchor *entry = findAnchor(anchor);
  return !entry || entry->hasEpilogue;
}

StringRef schemeOf(Operation *anchor) {
  const SeqAnchor *entry = findAnchor(anchor);
  return entry ? entry->scheme : "matmul";
}

OpKind classify(Operation *op) {
  if (isa<linalg::TransposeOp, linalg::BroadcastOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::ExtractSliceOp, tensor::CastOp>(op))
    return op->hasAttr(kResultViewAttr) ? OpKind::ResultView : OpKind::View;
  if (isa<linalg::ReduceOp>(op))
    return OpKind::Reduce;
  if (isa<tensor::GatherOp, tensor::PadOp, tensor::ConcatOp, seq::IotaOp>(op))
    return OpKind::Source;
  if (isa<linalg::MatmulOp, linalg::BatchMatmulOp>(op) || isSeqAnchor(op))
    return OpKind::Anchor;
  if (isa<seq::GroupOp>(op))
    return OpKind::Group;
  if (isa<tensor::EmptyOp, tensor::DimOp, ml_program::GlobalLoadConstOp>(op) || op->hasTrait<OpTrait::ConstantLike>() ||
      op->hasTrait<OpTrait::ReturnLike>())
    return OpKind::Host;
  bool tensors = op->getNumResults() == 1 && isa<RankedTensorType>(op->getResult(0).getType());
  StringRef dialect = op->getName().getDialectNamespace();
  if (tensors && (dialect == "arith" || dialect == "math") && op->hasTrait<OpTrait::Elementwise>())
    return OpKind::Elementwise;
  if (isa<linalg::MapOp>(op))
    return OpKind::Elementwise;
  if (!tensors && dialect == "arith")
    return OpKind::Host;
  return OpKind::Unsupported;
}

SmallVector<Value> valuesRead(Operation *op) {
  SmallVector<Value> values(op->getOperands());
  llvm::SetVector<Value> captured;
  if (isa<seq::AttentionOp>(op))
    getUsedValuesDefinedAbove(op->getRegions(), captured);
  llvm::append_range(values, captured);
  return values;
}

bool isSideResult(Value v) {
  auto result = dyn_cast<OpResult>(v);
  return result && result.getResultNumber() > 0 && isa<seq::LongConvOp, seq::ShortConvOp>(result.getOwner());
}

OpOperand &viewSource(Operation *view) { return view->getOpOperand(0); }

Attribute splatOf(Value v) {
  Operation *op = v.getDefiningOp();
  while (op && classify(op) == OpKind::View)
    op = viewSource(op).get().getDefiningOp();
  if (!op)
    return {};
  DenseElementsAttr value;
  if (!matchPattern(op, m_Constant(&value)) || (!value.isSplat() && value.getNumElements() != 1))
    return {};
  if (auto type = dyn_cast<ComplexType>(value.getElementType())) {
    std::complex<APFloat> z = *value.value_begin<std::complex<APFloat>>();
    return complex::NumberAttr::get(type, FloatAttr::getValueAsDouble(z.real()), FloatAttr::getValueAsDouble(z.imag()));
  }
  return value.isSplat() ? value.getSplatValue<Attribute>() : *value.value_begin<Attribute>();
}

namespace {
struct KindName {
  StringLiteral op, kind;
};
constexpr KindName kReduceOps[] = {{"arith.addf", "add"},  {"arith.addi", "add"},  {"arith.mulf", "mul"},  {"arith.muli", "mul"},
                                   {"arith.maximumf", "max"}, {"arith.maxsi", "max"}, {"arith.minimumf", "min"}, {"arith.minsi", "min"},
                                   {"arith.ori", "or"},    {"arith.andi", "and"}, {"complex.add", "add"}};
} // namespace

StringRef reduceKind(linalg::ReduceOp op) {
  Block &body = op.getCombiner().front();
  if (op.getInputs().size() != 1 || !llvm::hasNItems(body, 2))
    return "";
  Operation &combine = body.front();
  bool usesBoth = combine.getNumOperands() == 2 && combine.getNumResults() == 1 && llvm::is_contained(combine.getOperands(), body.getArgument(0)) &&
                  llvm::is_contained(combine.getOperands(), body.getArgument(1)) && body.getTerminator()->getOperand(0) == combine.getResult(0);
  const KindName *entry = llvm::find_if(kReduceOps, [&](const KindName &k) { return combine.getName().getStringRef() == k.op; });
  if (!usesBoth || entry == std::end(kReduceOps))
    return "";
  // On i1, max is or and min is and (signed order would be the other way round and is not meant).
  return entry->kind;
}

Type partOf(Type element) {
  auto type = dyn_cast<ComplexType>(element);
  return type ? type.getElementType() : element;
}

TypedAttr reduceIdentity(StringRef kind, Type element) {
  Builder b(element.getContext());
  if (auto type = dyn_cast<FloatType>(element)) {
    const llvm::fltSemantics &s = type.getFloatSemantics();
    if (kind == "max" || kind == "min")
      return b.getFloatAttr(type, APFloat::getInf(s, /*Negative=*/kind == "max"));
    return b.getFloatAttr(type, kind == "mul" ? 1.0 : 0.0);
  }
  unsigned width = element.getIntOrFloatBitWidth();
  APInt value = APInt::getZero(width);
  if (kind == "mul")
    value = APInt(width, 1);
  else if (kind == "max")
    value = APInt::getSignedMinValue(width);
  else if (kind == "min")
    value = APInt::getSignedMaxValue(width);
  else if (kind == "and")
    value = APInt::getAllOnes(width);
  return b.getIntegerAttr(element, value);
}

bool startsFromIdentity(linalg::ReduceOp op) {
  Attribute init = splatOf(op.getInits()[0]);
  if (!init)
    return false;
  StringRef kind = reduceKind(op);
  if (auto f = dyn_cast<FloatAttr>(init); f && kind == "add")
    return f.getValue().isZero();
  if (auto z = dyn_cast<complex::NumberAttr>(init))
    return z.getReal().isZero() && z.getImag().isZero();
  return init == reduceIdentity(kind, cast<RankedTensorType>(op.getInits()[0].getType()).getElementType());
}

bool startsFromZero(Operation *matmul) {
  Attribute init = splatOf(cast<DestinationStyleOpInterface>(matmul).getDpsInits()[0]);
  if (auto f = dyn_cast_or_null<FloatAttr>(init))
    return f.getValue().isZero();
  if (auto i = dyn_cast_or_null<IntegerAttr>(init))
    return i.getValue().isZero();
  return false;
}

} // namespace seqc::convert
