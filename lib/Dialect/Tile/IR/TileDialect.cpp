// SPDX-License-Identifier: Apache-2.0
// Registration, types, attributes, builders and the kernel's syntax. Verifiers: TileVerify*.cpp.
#include "seqc/Dialect/Tile/IR/Tile.h"
#include "AsmDirectives.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace seqc::tile;

#include "seqc/Dialect/Tile/IR/TileDialect.cpp.inc"
#include "seqc/Dialect/Tile/IR/TileEnums.cpp.inc"
#include "seqc/Dialect/Tile/IR/TileInterfaces.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "seqc/Dialect/Tile/IR/TileTypes.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "seqc/Dialect/Tile/IR/TileAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "seqc/Dialect/Tile/IR/TileOps.cpp.inc"

void TileDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "seqc/Dialect/Tile/IR/TileTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "seqc/Dialect/Tile/IR/TileAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "seqc/Dialect/Tile/IR/TileOps.cpp.inc"
      >();
}

//===-- Types and attributes ---------------------------------------------------===//

static ParseResult parseDimOrDynamic(AsmParser &p, int64_t &value) {
  if (succeeded(p.parseOptionalQuestion())) {
    value = ShapedType::kDynamic;
    return success();
  }
  return p.parseInteger(value);
}

/// `<` dims `x` element `,` `[` strides `]` `>`
Type ViewType::parse(AsmParser &p) {
  SmallVector<int64_t> shape, strides;
  Type element;
  if (p.parseLess() || p.parseDimensionList(shape) || p.parseType(element) || p.parseComma() ||
      p.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] { return parseDimOrDynamic(p, strides.emplace_back()); }) || p.parseGreater())
    return {};
  return p.getChecked<ViewType>(p.getContext(), shape, element, strides);
}

void ViewType::print(AsmPrinter &p) const {
  p << '<';
  p.printDimensionList(getShape());
  if (!getShape().empty())
    p << 'x';
  p << getElementType() << ", [";
  llvm::interleaveComma(getStrides(), p.getStream(), [&](int64_t s) {
    if (ShapedType::isDynamic(s))
      p << '?';
    else
      p << s;
  });
  p << "]>";
}

LogicalResult ViewType::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<int64_t> shape, Type element, ArrayRef<int64_t> strides) {
  if (shape.size() != strides.size())
    return emitError() << "view expects one stride per dim, but got " << shape.size() << " dims and " << strides.size() << " strides";
  if (!element.isIntOrFloat())
    return emitError() << "view expects an integer or float element type, but got " << element;
  return success();
}

/// `<{bm = 64, bn = 128}>`
Attribute ConfigAttr::parse(AsmParser &p, Type) {
  NamedAttrList values;
  if (p.parseLess() || p.parseCommaSeparatedList(AsmParser::Delimiter::Braces, [&]() -> ParseResult {
        StringRef key;
        int64_t value;
        if (p.parseKeyword(&key) || p.parseEqual() || p.parseInteger(value))
          return failure();
        values.append(key, p.getBuilder().getI64IntegerAttr(value));
        return success();
      }) || p.parseGreater())
    return {};
  return p.getChecked<ConfigAttr>(p.getContext(), values.getDictionary(p.getContext()));
}

LogicalResult ConfigAttr::verify(function_ref<InFlightDiagnostic()> emitError, DictionaryAttr values) {
  for (NamedAttribute a : values)
    if (!isa<IntegerAttr>(a.getValue()))
      return emitError() << "config expects integers, but got " << a.getValue() << " for " << a.getName();
  return success();
}

void ConfigAttr::print(AsmPrinter &p) const {
  p << "<{";
  llvm::interleaveComma(getValues(), p.getStream(), [&](NamedAttribute a) {
    p << a.getName().getValue() << " = ";
    printOptionValue(p, a.getValue());
  });
  p << "}>";
}

static constexpr llvm::StringLiteral kDistAxes[] = {"reg", "lane", "warp"};

/// `size:stride@d<dim>` or `size:_`
static ParseResult parseDigit(AsmParser &p, SmallVectorImpl<int64_t> &digits) {
  int64_t size, stride;
  if (p.parseInteger(size) || p.parseColon())
    return failure();
  if (succeeded(p.parseOptionalKeyword("_"))) {
    digits.append({size, 0, -1});
    return success();
  }
  StringAttr name;
  unsigned dim;
  if (p.parseInteger(stride) || p.parseSymbolName(name))
    return failure();
  if (!name.getValue().starts_with("d") || name.getValue().drop_front().getAsInteger(10, dim))
    return p.emitError(p.getCurrentLocation()) << "expects a dim as @d0, @d1, .., but got @" << name.getValue();
  digits.append({size, stride, static_cast<int64_t>(dim)});
  return success();
}

/// `<` (axis `[` digits `]`) separated by commas `>`; axes without digits are left out
Attribute DistAttr::parse(AsmParser &p, Type) {
  std::array<SmallVector<int64_t>, 3> axes;
  auto parseAxis = [&]() -> ParseResult {
    StringRef word;
    llvm::SMLoc at = p.getCurrentLocation();
    if (p.parseKeyword(&word))
      return failure();
    const auto *it = llvm::find(kDistAxes, word);
    if (it == std::end(kDistAxes))
      return p.emitError(at) << "expects reg, lane or warp, but got " << word;
    SmallVector<int64_t> &digits = axes[it - std::begin(kDistAxes)];
    return p.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] { return parseDigit(p, digits); });
  };
  if (p.parseLess())
    return {};
  if (failed(p.parseOptionalGreater()) && (p.parseCommaSeparatedList(parseAxis) || p.parseGreater()))
    return {};
  return p.getChecked<DistAttr>(p.getContext(), axes[0], axes[1], axes[2]);
}

void DistAttr::print(AsmPrinter &p) const {
  p << '<';
  bool first = true;
  std::array<ArrayRef<int64_t>, 3> axes = {getReg(), getLane(), getWarp()};
  for (auto [name, digits] : llvm::zip_equal(kDistAxes, axes)) {
    if (digits.empty())
      continue;
    p << (first ? "" : ", ") << name << " [";
    first = false;
    for (size_t i = 0; i < digits.size(); i += 3) {
      p << (i ? ", " : "") << digits[i] << ':';
      if (digits[i + 2] < 0)
        p << '_';
      else
        p << digits[i + 1] << "@d" << digits[i + 2];
    }
    p << ']';
  }
  p << '>';
}

LogicalResult DistAttr::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<int64_t> reg, ArrayRef<int64_t> lane, ArrayRef<int64_t> warp) {
  for (ArrayRef<int64_t> digits : {reg, lane, warp})
    for (size_t i = 0; i < digits.size(); i += 3)
      if (digits[i] < 2 || (digits[i + 2] >= 0 && digits[i + 1] < 1))
        return emitError() << "expects digits of size at least 2 and stride at least 1, but got " << digits[i] << ':' << digits[i + 1];
  return success();
}

//===-- tile.kernel -------------------------------------------------------------===//

static ParseResult parseParenAttr(OpAsmParser &p, StringRef keyword, Attribute &attr) {
  if (failed(p.parseOptionalKeyword(keyword)))
    return success();
  return failure(p.parseLParen() || p.parseAttribute(attr) || p.parseRParen());
}

ParseResult KernelOp::parse(OpAsmParser &p, OperationState &state) {
  StringAttr name;
  SmallVector<OpAsmParser::Argument> args;
  Attribute target, config, params, access;
  StringRef levelWord;
  SMLoc levelLoc;
  if (p.parseSymbolName(name, SymbolTable::getSymbolAttrName(), state.attributes) ||
      p.parseArgumentList(args, OpAsmParser::Delimiter::Paren, /*allowType=*/true) || parseParenAttr(p, "target", target) ||
      p.parseKeyword("level") || p.parseLParen() || p.getCurrentLocation(&levelLoc) || p.parseKeyword(&levelWord) || p.parseRParen() ||
      parseParenAttr(p, "config", config) || parseParenAttr(p, "params", params) || parseParenAttr(p, "access", access))
    return failure();
  std::optional<Level> level = symbolizeLevel(levelWord);
  if (!level)
    return p.emitError(levelLoc, "level must be block, sched, layout or sync");
  state.addAttribute("level", p.getBuilder().getI32IntegerAttr(static_cast<int32_t>(*level)));
  if (!config)
    config = ConfigAttr::get(p.getContext(), DictionaryAttr::get(p.getContext()));
  state.addAttribute("config", config);
  for (auto [key, value] : {std::pair("target", target), std::pair("params", params), std::pair("access", access)})
    if (value)
      state.addAttribute(key, value);
  Region *grid = state.addRegion(), *body = state.addRegion();
  if (p.parseOptionalAttrDictWithKeyword(state.attributes) || p.parseKeyword("grid") || p.parseRegion(*grid, args) || p.parseRegion(*body, args))
    return failure();
  if (body->empty()) // `{}`
    body->emplaceBlock();
  return success();
}

void KernelOp::print(OpAsmPrinter &p) {
  p << ' ';
  p.printSymbolName(getSymName());
  printBlockArgs(p, getBody().front());
  if (getTargetAttr())
    p << " target(" << getTargetAttr() << ')';
  p << " level(" << stringifyLevel(getLevel()) << ") config(" << getConfigAttr() << ')';
  if (getParamsAttr())
    p << " params(" << getParamsAttr() << ')';
  if (getAccessAttr())
    p << " access(" << getAccessAttr() << ')';
  p.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {"sym_name", "target", "level", "config", "params", "access"});
  p.shadowRegionArgs(getGrid(), getBody().getArguments());
  p << " grid ";
  p.printRegion(getGrid(), /*printEntryBlockArgs=*/false);
  p << ' ';
  p.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

std::string KernelOp::paramName(unsigned i) {
  if (ArrayAttr names = getParamsAttr())
    if (i < names.size())
      return cast<StringAttr>(names[i]).str();
  return ("arg" + Twine(i)).str();
}

bool KernelOp::isWritten(unsigned i) {
  ArrayAttr access = getAccessAttr();
  return access && i < access.size() && cast<StringAttr>(access[i]).getValue() == "write";
}

//===-- Builders ----------------------------------------------------------------===//

static SmallVector<int64_t> staticOf(ArrayRef<OpFoldResult> values, SmallVectorImpl<Value> &dynamic) {
  SmallVector<int64_t> statics;
  dispatchIndexOpFoldResults(values, dynamic, statics);
  return statics;
}

void ViewOp::build(OpBuilder &b, OperationState &s, Value ptr, ArrayRef<OpFoldResult> sizes, ArrayRef<OpFoldResult> strides) {
  SmallVector<Value> dynSizes, dynStrides;
  SmallVector<int64_t> staticSizes = staticOf(sizes, dynSizes), staticStrides = staticOf(strides, dynStrides);
  auto type = ViewType::get(b.getContext(), staticSizes, cast<PtrType>(ptr.getType()).getElementType(), staticStrides);
  build(b, s, type, ptr, dynSizes, dynStrides, staticSizes, staticStrides);
}

void SubviewOp::build(OpBuilder &b, OperationState &s, Value view, ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes, ArrayRef<bool> dropped) {
  SmallVector<Value> dynOffsets, dynSizes;
  SmallVector<int64_t> staticOffsets = staticOf(offsets, dynOffsets), staticSizes = staticOf(sizes, dynSizes), shape, strides;
  auto source = cast<ViewType>(view.getType());
  SmallVector<int64_t> drop;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (dropped[i]) {
      drop.push_back(i);
      continue;
    }
    shape.push_back(staticSizes[i]);
    strides.push_back(source.getStrides()[i]);
  }
  auto type = ViewType::get(b.getContext(), shape, source.getElementType(), strides);
  build(b, s, type, view, dynOffsets, dynSizes, staticOffsets, staticSizes, drop.empty() ? DenseI64ArrayAttr() : b.getDenseI64ArrayAttr(drop));
}

llvm::SmallVector<bool> SubviewOp::droppedDims() {
  SmallVector<bool> dropped(getStaticSizes().size(), false);
  for (int64_t d : getDrop().value_or(ArrayRef<int64_t>()))
    dropped[d] = true;
  return dropped;
}

void LoadOp::build(OpBuilder &b, OperationState &s, RankedTensorType type, Value view, ArrayRef<OpFoldResult> coords, double pad) {
  SmallVector<Value> dyn;
  SmallVector<int64_t> statics = staticOf(coords, dyn);
  build(b, s, type, view, dyn, statics, pad == 0.0 ? FloatAttr() : b.getF64FloatAttr(pad), DenseI64ArrayAttr());
}

void StoreOp::build(OpBuilder &b, OperationState &s, Value value, Value view, ArrayRef<OpFoldResult> coords) {
  SmallVector<Value> dyn;
  SmallVector<int64_t> statics = staticOf(coords, dyn);
  build(b, s, value, view, dyn, statics, DenseI64ArrayAttr());
}

void GatherOp::build(OpBuilder &b, OperationState &s, RankedTensorType type, Value view, Value idx, ArrayRef<OpFoldResult> coords, int64_t dim, double pad) {
  SmallVector<Value> dyn;
  SmallVector<int64_t> statics = staticOf(coords, dyn);
  build(b, s, type, view, idx, dyn, statics, dim, pad == 0.0 ? FloatAttr() : b.getF64FloatAttr(pad));
}

void LoadScalarOp::build(OpBuilder &b, OperationState &s, Value view, ArrayRef<OpFoldResult> coords) {
  SmallVector<Value> dyn;
  SmallVector<int64_t> statics = staticOf(coords, dyn);
  build(b, s, cast<ViewType>(view.getType()).getElementType(), view, dyn, statics);
}

void ReduceOp::build(OpBuilder &b, OperationState &s, Value t, ArrayRef<int64_t> dims, StringRef kind) {
  auto type = cast<RankedTensorType>(t.getType());
  SmallVector<int64_t> shape;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (!llvm::is_contained(dims, i))
      shape.push_back(type.getDimSize(i));
  build(b, s, RankedTensorType::get(shape, type.getElementType()), t, b.getDenseI64ArrayAttr(dims), b.getStringAttr(kind));
}

//===-- Inference and effects -----------------------------------------------------===//

/// The layout of a transposed tile: dim perm[i] of the operand is dim i of the result.
static Attribute transposed(Attribute encoding, ArrayRef<int64_t> perm) {
  auto dist = dyn_cast_or_null<DistAttr>(encoding);
  if (!dist)
    return encoding;
  auto rename = [&](ArrayRef<int64_t> digits) {
    SmallVector<int64_t> renamed(digits);
    for (size_t i = 2; i < renamed.size(); i += 3)
      if (renamed[i] >= 0)
        renamed[i] = llvm::find(perm, renamed[i]) - perm.begin();
    return renamed;
  };
  return DistAttr::get(dist.getContext(), rename(dist.getReg()), rename(dist.getLane()), rename(dist.getWarp()));
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *c, std::optional<Location> loc, ValueRange operands, DictionaryAttr attrs,
                                            OpaqueProperties properties, RegionRange regions, SmallVectorImpl<Type> &results) {
  Adaptor a(operands, attrs, properties, regions);
  auto type = cast<RankedTensorType>(operands[0].getType());
  ArrayRef<int64_t> perm = a.getPerm();
  SmallVector<int64_t> shape;
  for (int64_t i : perm) {
    if (i < 0 || i >= type.getRank())
      return emitOptionalError(loc, "perm entry ", i, " is not a dim of ", type);
    shape.push_back(type.getDimSize(i));
  }
  results.push_back(RankedTensorType::get(shape, type.getElementType(), transposed(type.getEncoding(), perm)));
  return success();
}

void LaunchOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &) {
  // Value semantics on tensors: no memory effect.
}
