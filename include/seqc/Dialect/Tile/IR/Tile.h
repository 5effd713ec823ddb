// SPDX-License-Identifier: Apache-2.0
// Public header of the `tile` dialect: types, attributes, level interface, ops.
#ifndef SEQC_DIALECT_TILE_IR_TILE_H
#define SEQC_DIALECT_TILE_IR_TILE_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace seqc::tile {
/// Memory of kernel arguments; loads read it, stores write it.
struct GlobalResource : public mlir::SideEffects::Resource::Base<GlobalResource> {
  llvm::StringRef getName() final { return "TileGlobal"; }
};
} // namespace seqc::tile

#include "seqc/Dialect/Tile/IR/TileDialect.h.inc"
#include "seqc/Dialect/Tile/IR/TileEnums.h.inc"
#include "seqc/Dialect/Tile/IR/TileInterfaces.h.inc"
#define GET_TYPEDEF_CLASSES
#include "seqc/Dialect/Tile/IR/TileTypes.h.inc"
#define GET_ATTRDEF_CLASSES
#include "seqc/Dialect/Tile/IR/TileAttrs.h.inc"
#define GET_OP_CLASSES
#include "seqc/Dialect/Tile/IR/TileOps.h.inc"

namespace seqc::tile {
/// True for the `arith` and `math` ops that tile code may use (C23): elementwise, and in base 2.
bool isLegalScalarOp(mlir::Operation *op);
/// True for the element types of tiles and memory (C20).
bool isLegalElementType(mlir::Type type);
/// The kernel's pointer argument that a view names; views are never block arguments of loops (C27), so the chain always ends there.
mlir::BlockArgument pointerOf(mlir::Value view);
} // namespace seqc::tile

#endif // SEQC_DIALECT_TILE_IR_TILE_H
