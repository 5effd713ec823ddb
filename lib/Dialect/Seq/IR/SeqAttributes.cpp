// SPDX-License-Identifier: Apache-2.0
// Verifiers of the dialect's attributes on functions, arguments, results and modules.
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Support/Expr.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace seqc;
using namespace seqc::seq;

Type seqc::seq::accumulationType(Type element) { return element.isF64() ? element : Float32Type::get(element.getContext()); }

bool seqc::seq::isIdentifier(StringRef name) {
  auto word = [](char c) { return llvm::isAlnum(c) || c == '_'; };
  return !name.empty() && !llvm::isDigit(name.front()) && llvm::all_of(name, word);
}

/// Words of the expression syntax, and the name of a device property.
static bool isReserved(StringRef name) { return llvm::is_contained({"min", "max", "ceildiv", "sms"}, name); }

//===-- seq.dims ---------------------------------------------------------------===//

static LogicalResult verifyDimEntry(FunctionOpInterface fn, unsigned arg, RankedTensorType type, unsigned dim, Attribute entry) {
  auto error = [&] { return fn.emitOpError() << "expects entry " << dim << " of 'seq.dims' of argument " << arg << ' '; };
  if (auto size = dyn_cast<IntegerAttr>(entry)) {
    if (type.isDynamicDim(dim))
      return error() << "to be the name of a dynamic dim, but got " << size.getInt();
    if (size.getInt() != type.getDimSize(dim))
      return error() << "to be the static size " << type.getDimSize(dim) << ", but got " << size.getInt();
    return success();
  }
  auto name = dyn_cast<StringAttr>(entry);
  if (!name)
    return error() << "to be a name or an integer, but got " << entry;
  if (!isIdentifier(name) || isReserved(name))
    return error() << "to be an identifier other than min, max, ceildiv, sms, but got \"" << name.getValue() << '"';
  return success();
}

static RankedTensorType argType(FunctionOpInterface fn, unsigned arg) { return dyn_cast<RankedTensorType>(fn.getArgumentTypes()[arg]); }

/// Static sizes by name, from the arguments before `end`.
static void collectStaticSizes(FunctionOpInterface fn, unsigned end, llvm::StringMap<int64_t> &sizes) {
  for (unsigned i = 0; i < end; ++i) {
    auto dims = fn.getArgAttrOfType<ArrayAttr>(i, kDimsAttr);
    RankedTensorType type = argType(fn, i);
    if (!dims || !type || static_cast<int64_t>(dims.size()) != type.getRank())
      continue;
    for (auto [d, entry] : llvm::enumerate(dims))
      if (auto name = dyn_cast<StringAttr>(entry); name && !type.isDynamicDim(d))
        sizes.try_emplace(name.getValue(), type.getDimSize(d));
  }
}

static LogicalResult verifyDims(FunctionOpInterface fn, unsigned arg, Attribute value) {
  RankedTensorType type = argType(fn, arg);
  if (!type)
    return fn.emitOpError() << "expects 'seq.dims' on an argument of ranked tensor type, but got " << fn.getArgumentTypes()[arg];
  auto dims = dyn_cast<ArrayAttr>(value);
  if (!dims)
    return fn.emitOpError() << "expects 'seq.dims' of argument " << arg << " to be an array, but got " << value;
  if (static_cast<int64_t>(dims.size()) != type.getRank())
    return fn.emitOpError() << "expects 'seq.dims' of argument " << arg << " to have " << type.getRank() << " entries, but got " << dims.size();
  llvm::StringMap<int64_t> sizes;
  collectStaticSizes(fn, arg, sizes);
  for (auto [d, entry] : llvm::enumerate(dims)) {
    if (failed(verifyDimEntry(fn, arg, type, d, entry)))
      return failure();
    auto name = dyn_cast<StringAttr>(entry);
    if (!name || type.isDynamicDim(d))
      continue;
    int64_t known = sizes.try_emplace(name.getValue(), type.getDimSize(d)).first->second;
    if (known != type.getDimSize(d))
      return fn.emitOpError() << "expects dim \"" << name.getValue() << "\" to have one static size, but got " << known << " and "
                              << type.getDimSize(d);
  }
  return success();
}

//===-- seq.name ---------------------------------------------------------------===//

static LogicalResult verifyName(FunctionOpInterface fn, StringRef what, unsigned index, Attribute value, function_ref<Attribute(unsigned)> nameOf) {
  auto name = dyn_cast<StringAttr>(value);
  if (!name || !isIdentifier(name))
    return fn.emitOpError() << "expects 'seq.name' of " << what << ' ' << index << " to be an identifier, but got " << value;
  for (unsigned i = 0; i < index; ++i)
    if (nameOf(i) == value)
      return fn.emitOpError() << "expects 'seq.name' of " << what << ' ' << index << " to be unique, but got " << value << " as of " << what << ' ' << i;
  return success();
}

//===-- seq.state --------------------------------------------------------------===//

static LogicalResult verifyState(FunctionOpInterface fn, unsigned result, Attribute value) {
  auto name = dyn_cast<StringAttr>(value);
  for (unsigned i = 0; name && i < fn.getNumArguments(); ++i) {
    if (fn.getArgAttr(i, kNameAttr) != name)
      continue;
    auto from = dyn_cast<RankedTensorType>(fn.getResultTypes()[result]), to = argType(fn, i);
    if (!from || !to || from.getElementType() != to.getElementType() || from.getRank() != to.getRank())
      return fn.emitOpError() << "expects result " << result << " to have the dtype and rank of argument " << value << ", its state, but got "
                              << fn.getResultTypes()[result] << " and " << fn.getArgumentTypes()[i];
    for (unsigned other = 0; other < result; ++other)
      if (fn.getResultAttr(other, kStateAttr) == value)
        return fn.emitOpError() << "expects one result for state " << value << ", but got results " << other << " and " << result;
    return success();
  }
  return fn.emitOpError() << "expects 'seq.state' of result " << result << " to be the 'seq.name' of an argument, but got " << value;
}

LogicalResult SeqDialect::verifyRegionArgAttribute(Operation *op, unsigned region, unsigned arg, NamedAttribute attr) {
  auto fn = dyn_cast<FunctionOpInterface>(op);
  if (!fn)
    return op->emitOpError() << "expects '" << attr.getName().getValue() << "' on an argument of a function";
  if (attr.getName() == kDimsAttr)
    return verifyDims(fn, arg, attr.getValue());
  if (attr.getName() == kNameAttr)
    return verifyName(fn, "argument", arg, attr.getValue(), [&](unsigned i) { return fn.getArgAttr(i, kNameAttr); });
  return op->emitOpError() << "expects 'seq.dims' or 'seq.name' on argument " << arg << ", but got '" << attr.getName().getValue() << "'";
}

LogicalResult SeqDialect::verifyRegionResultAttribute(Operation *op, unsigned region, unsigned result, NamedAttribute attr) {
  auto fn = dyn_cast<FunctionOpInterface>(op);
  if (fn && attr.getName() == kNameAttr)
    return verifyName(fn, "result", result, attr.getValue(), [&](unsigned i) { return fn.getResultAttr(i, kNameAttr); });
  if (fn && attr.getName() == kStateAttr)
    return verifyState(fn, result, attr.getValue());
  return op->emitOpError() << "expects 'seq.name' or 'seq.state' on result " << result << ", but got '" << attr.getName().getValue() << "'";
}

//===-- Attributes of functions and modules --------------------------------------===//

static LogicalResult verifyAssume(Operation *op, Attribute value) {
  auto fn = dyn_cast<FunctionOpInterface>(op);
  auto facts = dyn_cast<ArrayAttr>(value);
  if (!fn || !facts)
    return op->emitOpError() << "expects 'seq.assume' to be an array on a function, but got " << value;
  llvm::StringSet<> known;
  for (unsigned i = 0; i < fn.getNumArguments(); ++i)
    if (auto dims = fn.getArgAttrOfType<ArrayAttr>(i, kDimsAttr))
      for (Attribute entry : dims)
        if (auto name = dyn_cast<StringAttr>(entry))
          known.insert(name.getValue());
  for (Attribute fact : facts) {
    auto text = dyn_cast<StringAttr>(fact);
    if (!text)
      return op->emitOpError() << "expects 'seq.assume' to hold strings, but got " << fact;
    llvm::Expected<Expr> expr = Expr::parse(text);
    if (!expr)
      return op->emitOpError() << "expects fact \"" << text.getValue() << "\" to be an expression over dims: " << llvm::toString(expr.takeError());
    std::vector<std::string> names;
    expr->collectNames(names);
    for (const std::string &name : names)
      if (!known.contains(name))
        return op->emitOpError() << "expects fact \"" << text.getValue() << "\" to use names of 'seq.dims', but got \"" << name << '"';
  }
  return success();
}

static LogicalResult verifyExport(Operation *op, Attribute value) {
  auto fn = dyn_cast<FunctionOpInterface>(op);
  if (!fn || !isa<UnitAttr>(value))
    return op->emitOpError() << "expects 'seq.export' to be a unit attribute on a function, but got " << value;
  if (fn.isExternal())
    return op->emitOpError() << "expects an exported function to have a body";
  if (!fn.isPublic())
    return op->emitOpError() << "expects an exported function to be public, but got " << op->getAttr(SymbolTable::getVisibilityAttrName());
  if (!isIdentifier(fn.getName()))
    return op->emitOpError() << "expects the name of an exported function to be an identifier, but got \"" << fn.getName() << '"';
  return success();
}

static LogicalResult verifyWeights(Operation *op, Attribute value) {
  auto file = dyn_cast<StringAttr>(value);
  if (!isa<ModuleOp>(op) || !file || file.empty())
    return op->emitOpError() << "expects 'seq.weights' to be the name of a file on a module, but got " << value;
  return success();
}

LogicalResult SeqDialect::verifyOperationAttribute(Operation *op, NamedAttribute attr) {
  using Check = LogicalResult (*)(Operation *, Attribute);
  static constexpr std::pair<llvm::StringLiteral, Check> checks[] = {
      {kAssumeAttr, verifyAssume}, {kExportAttr, verifyExport}, {kWeightsAttr, verifyWeights}};
  for (auto [name, check] : checks)
    if (attr.getName() == name)
      return check(op, attr.getValue());
  return op->emitOpError() << "expects 'seq.assume', 'seq.export' or 'seq.weights', but got '" << attr.getName().getValue() << "'";
}
