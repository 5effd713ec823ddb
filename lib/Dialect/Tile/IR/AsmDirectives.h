// SPDX-License-Identifier: Apache-2.0
// The custom directives that tile ops print with:
//   custom<Options>(attr-dict)  {dims = [1], kind = max, pad = -inf, read}; words, integer lists, i64 and f64 without types
//   custom<IndexList>($a, $s)   [%i, 0]: values and constants; upstream's form, whose mark of a value is no constant
//   custom<ArgRegion>($body)    (%x: f32, %i: index) {..}
//   custom<Combine>($body)      nothing, or combine (%a: f32, ..) {..}
#ifndef SEQC_LIB_DIALECT_TILE_IR_ASMDIRECTIVES_H
#define SEQC_LIB_DIALECT_TILE_IR_ASMDIRECTIVES_H

#include "mlir/IR/OpImplementation.h"

namespace seqc::tile {
mlir::ParseResult parseOptions(mlir::OpAsmParser &p, mlir::NamedAttrList &attrs);
void printOptions(mlir::OpAsmPrinter &p, mlir::Operation *op, mlir::DictionaryAttr attrs);
mlir::ParseResult parseArgRegion(mlir::OpAsmParser &p, mlir::Region &region);
void printArgRegion(mlir::OpAsmPrinter &p, mlir::Operation *op, mlir::Region &region);
mlir::ParseResult parseCombine(mlir::OpAsmParser &p, mlir::Region &region);
void printCombine(mlir::OpAsmPrinter &p, mlir::Operation *op, mlir::Region &region);
mlir::ParseResult parseIndexList(mlir::OpAsmParser &p, llvm::SmallVectorImpl<mlir::OpAsmParser::UnresolvedOperand> &values, mlir::DenseI64ArrayAttr &constants);
void printIndexList(mlir::OpAsmPrinter &p, mlir::Operation *op, mlir::OperandRange values, llvm::ArrayRef<int64_t> constants);
/// `(%a: T, %b: U)`: the arguments of a block.
void printBlockArgs(mlir::OpAsmPrinter &p, mlir::Block &block);
/// One value of an Options list or of a config.
mlir::ParseResult parseOptionValue(mlir::AsmParser &p, mlir::Attribute &value);
void printOptionValue(mlir::AsmPrinter &p, mlir::Attribute value);
} // namespace seqc::tile

#endif // SEQC_LIB_DIALECT_TILE_IR_ASMDIRECTIVES_H
