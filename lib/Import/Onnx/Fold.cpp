// SPDX-License-Identifier: Apache-2.0
// Contents that are known while importing, followed through the builders: shapes and what models compute from them.
#include "GraphBuilder.h"
#include "Registry.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <cstring>

using namespace mlir;

namespace seqc::onnx {

double roundTo(Type t, double x) {
  llvm::APFloat f(x);
  bool lost;
  f.convert(cast<FloatType>(t).getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &lost);
  f.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lost);
  return f.convertToDouble();
}

/// Constants wrap as the integer type does.
static Size wrapTo(Type t, const Size &s) {
  unsigned bits = t.getIntOrFloatBitWidth();
  if (!s.isConst() || bits == 64)
    return s;
  if (bits == 1)
    return Size(s.value() & 1);
  return Size(llvm::SignExtend64(static_cast<uint64_t>(s.value()), bits));
}

bool Tensor::isConstant() const { return known && allConst(known->ints); }

std::optional<Size> Tensor::asSize() const { return known && known->ints.size() == 1 ? std::optional(known->ints[0]) : std::nullopt; }

std::optional<double> Tensor::asFloat() const { return known && known->floats.size() == 1 ? std::optional(known->floats[0]) : std::nullopt; }

Tensor GraphBuilder::fold(const Tensor &x, const Tensor &y, Type result, IntRule ints, FloatRule floats) {
  if (!x.known || !y.known || x.shape != y.shape)
    return {};
  Known k;
  bool toFloat = isa<FloatType>(result);
  for (size_t i = 0; i < x.known->floats.size(); ++i) {
    double r = floats(x.known->floats[i], y.known->floats[i]);
    toFloat ? k.floats.push_back(roundTo(result, r)) : k.ints.push_back(Size(static_cast<int64_t>(r)));
  }
  for (size_t i = 0; i < x.known->ints.size(); ++i) {
    std::optional<Size> r = ints(x.known->ints[i], y.known->ints[i]);
    if (!r || !r->isValid())
      return {};
    k.ints.push_back(wrapTo(result, *r));
  }
  return fromKnown(std::move(k), x.shape, result);
}

Tensor GraphBuilder::foldMove(const Tensor &x, llvm::ArrayRef<Size> shape, llvm::function_ref<int64_t(llvm::ArrayRef<int64_t>)> source) {
  Size count = product(shape);
  if (!x.known || !allConst(shape) || !count.isConst() || count.value() < 0 || count.value() > kMaxKnown)
    return {};
  Known k;
  llvm::SmallVector<int64_t> index(shape.size(), 0);
  auto size = static_cast<int64_t>(x.isFloat() ? x.known->floats.size() : x.known->ints.size());
  for (int64_t n = 0; n < count.value(); ++n) {
    int64_t at = source(index);
    if (at < 0 || at >= size)
      invalid("expects indices inside " + str(x.shape) + ", but got element " + std::to_string(at));
    x.isFloat() ? k.floats.push_back(x.known->floats[at]) : k.ints.push_back(x.known->ints[at]);
    for (int64_t d = static_cast<int64_t>(shape.size()) - 1; d >= 0 && ++index[d] == shape[d].value(); --d)
      index[d] = 0;
  }
  return fromKnown(std::move(k), shape, x.element);
}

Tensor GraphBuilder::foldConcat(llvm::ArrayRef<Tensor> parts, int64_t dim, llvm::ArrayRef<Size> shape) {
  Size count = product(shape);
  auto isReady = [](const Tensor &t) { return t.known && allConst(t.shape); };
  if (!llvm::all_of(parts, isReady) || !count.isConst() || count.value() > kMaxKnown)
    return {};
  Known k;
  int64_t outer = product(shape.take_front(dim)).value();
  for (int64_t o = 0; o < outer; ++o)
    for (const Tensor &t : parts) {
      int64_t run = product(llvm::ArrayRef(t.shape).drop_front(dim)).value();
      if (t.isFloat())
        k.floats.insert(k.floats.end(), t.known->floats.begin() + o * run, t.known->floats.begin() + (o + 1) * run);
      else
        k.ints.insert(k.ints.end(), t.known->ints.begin() + o * run, t.known->ints.begin() + (o + 1) * run);
    }
  return fromKnown(std::move(k), shape, parts.front().element);
}

/// Integers only: sums of floats have an order, which is the compiler's business.
Tensor GraphBuilder::foldReduce(Reduce kind, const Tensor &x, llvm::ArrayRef<int64_t> dims, llvm::ArrayRef<Size> shape) {
  if (!x.known || x.isFloat() || x.isBool() || product(x.shape).isConst(0))
    return {};
  std::vector<std::optional<Size>> results(product(shape).value());
  llvm::SmallVector<int64_t> index(x.rank(), 0);
  for (const Size &s : x.known->ints) {
    int64_t at = 0;
    for (int64_t d = 0; d < x.rank(); ++d)
      if (!llvm::is_contained(dims, d))
        at = at * x.shape[d].value() + index[d];
    std::optional<Size> &r = results[at];
    r = !r ? s : kind == Reduce::Add ? *r + s : kind == Reduce::Mul ? *r * s : kind == Reduce::Max ? max(*r, s) : min(*r, s);
    if (!r->isValid())
      return {};
    for (int64_t d = x.rank() - 1; d >= 0 && ++index[d] == x.shape[d].value(); --d)
      index[d] = 0;
  }
  Known k;
  for (const std::optional<Size> &r : results)
    k.ints.push_back(wrapTo(x.element, *r));
  return fromKnown(std::move(k), shape, x.element);
}

Tensor GraphBuilder::foldCast(const Tensor &x, Type to) {
  if (!x.known)
    return {};
  Known k;
  bool toFloat = isa<FloatType>(to);
  for (double f : x.known->floats) {
    if (!toFloat && !to.isInteger(1) && !(std::abs(f) < 9e18))
      return {};
    if (toFloat)
      k.floats.push_back(roundTo(to, f));
    else
      k.ints.push_back(to.isInteger(1) ? Size(f != 0) : wrapTo(to, Size(static_cast<int64_t>(f))));
  }
  for (const Size &s : x.known->ints) {
    if (toFloat && !s.isConst())
      return {};
    if (to.isInteger(1) && !s.isConst() && !s.isPositive())
      return {};
    if (toFloat)
      k.floats.push_back(roundTo(to, static_cast<double>(s.value())));
    else
      k.ints.push_back(to.isInteger(1) ? Size(!s.isConst(0)) : wrapTo(to, s));
  }
  return fromKnown(std::move(k), x.shape, to);
}

/// Contents of small constants.
static std::shared_ptr<const Known> contentsOf(const TensorData &data, Type element) {
  int64_t bytes = elementBytes(data.type), count = static_cast<int64_t>(data.bytes.size()) / bytes;
  if (count > (isa<FloatType>(element) ? kMaxKnownConstant : kMaxKnown))
    return nullptr;
  auto known = std::make_shared<Known>();
  for (int64_t i = 0; i < count; ++i) {
    const char *at = data.bytes.data() + i * bytes;
    if (auto f = dyn_cast<FloatType>(element)) {
      uint64_t bits = 0;
      std::memcpy(&bits, at, bytes);
      llvm::APFloat x(f.getFloatSemantics(), llvm::APInt(8 * bytes, bits));
      bool lost;
      x.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lost);
      known->floats.push_back(x.convertToDouble());
    } else {
      uint64_t bits = 0;
      std::memcpy(&bits, at, bytes);
      known->ints.push_back(Size(bytes == 1 && element.isInteger(1) ? static_cast<int64_t>(bits) : llvm::SignExtend64(bits, 8 * bytes)));
    }
  }
  return known;
}

Tensor constantOf(MLIRContext *context, const TensorData &data) {
  Tensor t;
  t.element = data.problem.empty() ? elementTypeOf(context, data.type) : Type();
  if (!t.element)
    return t; // an error for the node that reads it
  for (int64_t d : data.dims)
    t.shape.push_back(Size(d));
  t.data = &data;
  t.known = contentsOf(data, t.element);
  return t;
}

} // namespace seqc::onnx
