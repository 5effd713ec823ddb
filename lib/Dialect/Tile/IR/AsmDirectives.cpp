// SPDX-License-Identifier: Apache-2.0
#include "AsmDirectives.h"
#include "seqc/Dialect/Tile/IR/Tile.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/TypeSwitch.h"
#include <limits>

using namespace mlir;

namespace seqc::tile {

ParseResult parseIndexList(OpAsmParser &p, SmallVectorImpl<OpAsmParser::UnresolvedOperand> &values, DenseI64ArrayAttr &constants) {
  SMLoc loc = p.getCurrentLocation();
  if (parseDynamicIndexList(p, values, constants))
    return failure();
  if (llvm::count(constants.asArrayRef(), ShapedType::kDynamic) != static_cast<int64_t>(values.size()))
    return p.emitError(loc, "expects constants above the least 64-bit integer, but got ") << ShapedType::kDynamic;
  return success();
}

void printIndexList(OpAsmPrinter &p, Operation *op, OperandRange values, ArrayRef<int64_t> constants) { printDynamicIndexList(p, op, values, constants); }

ParseResult parseOptionValue(AsmParser &p, Attribute &value) {
  Builder b = p.getBuilder();
  auto infinity = [&](double sign) {
    value = b.getF64FloatAttr(sign * std::numeric_limits<double>::infinity());
    return success();
  };
  if (succeeded(p.parseOptionalMinus())) {
    if (succeeded(p.parseOptionalKeyword("inf")))
      return infinity(-1);
    // `-3` and `-3.5`: the sign is consumed, so read the magnitude as an attribute and negate it.
    Attribute magnitude;
    if (p.parseAttribute(magnitude))
      return failure();
    if (auto f = dyn_cast<FloatAttr>(magnitude)) {
      value = FloatAttr::get(f.getType(), -f.getValue());
      return success();
    }
    if (auto i = dyn_cast<IntegerAttr>(magnitude)) {
      value = IntegerAttr::get(i.getType(), -i.getValue());
      return success();
    }
    return p.emitError(p.getCurrentLocation(), "expected a number after '-'");
  }
  StringRef word;
  if (succeeded(p.parseOptionalKeyword("inf")))
    return infinity(1);
  if (succeeded(p.parseOptionalKeyword(&word))) {
    value = b.getStringAttr(word);
    return success();
  }
  SmallVector<int64_t> list;
  if (succeeded(p.parseOptionalLSquare())) {
    if (failed(p.parseOptionalRSquare())) {
      if (p.parseCommaSeparatedList([&] { return p.parseInteger(list.emplace_back()); }) || p.parseRSquare())
        return failure();
    }
    value = b.getDenseI64ArrayAttr(list);
    return success();
  }
  return p.parseAttribute(value);
}

void printOptionValue(AsmPrinter &p, Attribute value) {
  llvm::TypeSwitch<Attribute>(value)
      .Case<StringAttr>([&](StringAttr s) { p.printKeywordOrString(s.getValue()); })
      .Case<DenseI64ArrayAttr>([&](DenseI64ArrayAttr l) {
        p << '[';
        llvm::interleaveComma(l.asArrayRef(), p.getStream());
        p << ']';
      })
      .Case<IntegerAttr>([&](IntegerAttr i) { i.getType().isInteger(64) ? p.printAttributeWithoutType(i) : p.printAttribute(i); })
      .Case<FloatAttr>([&](FloatAttr f) {
        if (f.getValue().isInfinity())
          p << (f.getValue().isNegative() ? "-inf" : "inf");
        else
          f.getType().isF64() ? p.printAttributeWithoutType(f) : p.printAttribute(f);
      })
      .Default([&](Attribute v) { p.printAttribute(v); });
}

ParseResult parseOptions(OpAsmParser &p, NamedAttrList &attrs) {
  if (failed(p.parseOptionalLBrace()))
    return success();
  if (p.parseCommaSeparatedList([&]() -> ParseResult {
        StringRef key;
        Attribute value = p.getBuilder().getUnitAttr();
        if (p.parseKeyword(&key))
          return failure();
        if (succeeded(p.parseOptionalEqual()) && parseOptionValue(p, value))
          return failure();
        attrs.append(key, value);
        return success();
      }))
    return failure();
  return p.parseRBrace();
}

/// The dictionary handed to a custom directive is not filtered: skip what the format prints elsewhere.
static bool isPrintedElsewhere(Operation *op, StringRef name) {
  if (name.starts_with("static_") || name == "operandSegmentSizes" || name == "sym_name")
    return true;
  if (isa<SliceOp>(op))
    return name == "sizes" || name == "offsets";
  if (isa<TransposeOp>(op))
    return name == "perm";
  return isa<TableOp>(op) && name == "table";
}

void printOptions(OpAsmPrinter &p, Operation *op, DictionaryAttr attrs) {
  SmallVector<NamedAttribute> shown;
  for (NamedAttribute a : attrs)
    if (!isPrintedElsewhere(op, a.getName()))
      shown.push_back(a);
  if (shown.empty())
    return;
  p << " {";
  llvm::interleaveComma(shown, p.getStream(), [&](NamedAttribute a) {
    p << a.getName().getValue();
    if (isa<UnitAttr>(a.getValue()))
      return;
    p << " = ";
    printOptionValue(p, a.getValue());
  });
  p << '}';
}

ParseResult parseArgRegion(OpAsmParser &p, Region &region) {
  SmallVector<OpAsmParser::Argument> args;
  if (p.parseArgumentList(args, OpAsmParser::Delimiter::OptionalParen, /*allowType=*/true) || p.parseRegion(region, args))
    return failure();
  if (region.empty()) // `{}`
    region.emplaceBlock();
  return success();
}

ParseResult parseCombine(OpAsmParser &p, Region &region) {
  return succeeded(p.parseOptionalKeyword("combine")) ? parseArgRegion(p, region) : ParseResult(success());
}

void printCombine(OpAsmPrinter &p, Operation *op, Region &region) {
  if (region.empty())
    return;
  p << " combine";
  printArgRegion(p, op, region);
}

void printBlockArgs(OpAsmPrinter &p, Block &block) {
  p << '(';
  llvm::interleaveComma(block.getArguments(), p.getStream(), [&](BlockArgument a) { p.printRegionArgument(a); });
  p << ')';
}

void printArgRegion(OpAsmPrinter &p, Operation *, Region &region) {
  if (region.getNumArguments()) {
    p << ' ';
    printBlockArgs(p, region.front());
  }
  p << ' ';
  p.printRegion(region, /*printEntryBlockArgs=*/false);
}

} // namespace seqc::tile
