// SPDX-License-Identifier: Apache-2.0
#include "Registry.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace seqc::onnx {

const Operator *findOperator(llvm::StringRef domain, llvm::StringRef name, int64_t opset, bool &isOtherVersion) {
  static const llvm::StringMap<llvm::SmallVector<const Operator *, 1>> table = [] {
    llvm::StringMap<llvm::SmallVector<const Operator *, 1>> t;
    for (llvm::ArrayRef<Operator> list : {elementwiseOperators(), shapeOperators(), lookupOperators(), reductionOperators(), spectralOperators(), normalizationOperators(),
                                          productOperators(), attentionOperators(), convolutionOperators(), contribOperators()})
      for (const Operator &o : list)
        t[(llvm::Twine(o.domain) + ":" + o.name).str()].push_back(&o);
    return t;
  }();
  auto it = table.find((domain + ":" + name).str());
  isOtherVersion = it != table.end();
  if (it == table.end())
    return nullptr;
  for (const Operator *o : it->second)
    if (o->first <= opset && opset <= o->last)
      return o;
  return nullptr;
}

Type elementTypeOf(MLIRContext *context, int32_t type) {
  switch (type) {
  case kFloat:
    return Float32Type::get(context);
  case kFloat16:
    return Float16Type::get(context);
  case kBFloat16:
    return BFloat16Type::get(context);
  case kDouble:
    return Float64Type::get(context);
  case kBool:
    return IntegerType::get(context, 1);
  case kInt8:
    return IntegerType::get(context, 8);
  case kInt32:
    return IntegerType::get(context, 32);
  case kInt64:
    return IntegerType::get(context, 64);
  default:
    return Type();
  }
}

const Tensor &NodeContext::in(size_t i) const {
  if (!has(i))
    invalid("expects input " + llvm::Twine(i) + ", but got none");
  return inputs[i];
}

static const Attribute *typed(const Node &node, llvm::StringRef name, Attribute::Kind kind, const char *what) {
  const Attribute *a = node.find(name);
  if (a && a->kind != kind)
    invalid("expects attribute '" + name + "' to be " + what + ", but got another kind");
  return a;
}

int64_t NodeContext::attrInt(llvm::StringRef name, int64_t fallback) const {
  const Attribute *a = typed(node, name, Attribute::Kind::Int, "an integer");
  return a ? a->i : fallback;
}
double NodeContext::attrFloat(llvm::StringRef name, double fallback) const {
  const Attribute *a = typed(node, name, Attribute::Kind::Float, "a float");
  return a ? a->f : fallback;
}
std::string NodeContext::attrString(llvm::StringRef name, llvm::StringRef fallback) const {
  const Attribute *a = typed(node, name, Attribute::Kind::String, "a string");
  return a ? a->s : fallback.str();
}
std::optional<std::vector<int64_t>> NodeContext::attrInts(llvm::StringRef name) const {
  const Attribute *a = typed(node, name, Attribute::Kind::Ints, "a list of integers");
  return a ? std::optional(a->ints) : std::nullopt;
}
void NodeContext::onlyInt(llvm::StringRef name, int64_t only) const {
  if (int64_t v = attrInt(name, only); v != only)
    unsupported("attribute " + name + " = " + llvm::Twine(v));
}

std::vector<Size> NodeContext::contents(size_t i, llvm::StringRef what) const {
  const Tensor &t = in(i);
  if (t.isFloat())
    invalid("expects integers as " + what + ", but got " + describe(t));
  if (!t.known)
    unsupported(what + " that depend on data");
  return t.known->ints;
}

std::vector<int64_t> NodeContext::constants(size_t i, llvm::StringRef what) const {
  std::vector<int64_t> values;
  for (const Size &s : contents(i, what)) {
    if (!s.isConst())
      unsupported(what + " that depend on the sizes of inputs");
    values.push_back(s.value());
  }
  return values;
}

std::optional<std::vector<int64_t>> NodeContext::attrOrInput(llvm::StringRef name, int64_t since, size_t input) const {
  if (opset < since)
    return attrInts(name);
  return has(input) ? std::optional(constants(input, name)) : std::nullopt;
}

int64_t NodeContext::axis(int64_t dim, int64_t rank) const {
  if (dim < -rank || dim >= rank)
    invalid("expects an axis of a tensor of rank " + llvm::Twine(rank) + ", but got " + llvm::Twine(dim));
  return dim < 0 ? dim + rank : dim;
}

std::vector<int64_t> NodeContext::axes(const std::vector<int64_t> &dims, int64_t rank) const {
  std::vector<int64_t> result;
  for (int64_t d : dims) {
    int64_t a = axis(d, rank);
    if (llvm::is_contained(result, a))
      invalid("expects axes that differ, but got " + llvm::Twine(d) + " twice");
    result.push_back(a);
  }
  return result;
}

llvm::SmallVector<Tensor> NodeContext::broadcastInputs(llvm::ArrayRef<size_t> which) const {
  Shape shape;
  for (size_t i : which)
    shape = g.commonShape(shape, in(i).shape);
  llvm::SmallVector<Tensor> result;
  for (size_t i : which)
    result.push_back(g.broadcastTo(in(i), shape));
  return result;
}

Type NodeContext::elementType(int64_t number) const {
  Type t = elementTypeOf(g.b.getContext(), static_cast<int32_t>(number));
  if (!t)
    unsupported("element type " + elementName(static_cast<int32_t>(number)));
  return t;
}

} // namespace seqc::onnx
