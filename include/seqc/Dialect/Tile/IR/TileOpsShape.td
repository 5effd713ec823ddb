// SPDX-License-Identifier: Apache-2.0
// Group B: shapes. All pure.
#ifndef SEQC_TILE_OPS_SHAPE
#define SEQC_TILE_OPS_SHAPE
include "seqc/Dialect/Tile/IR/TileBase.td"

class Tile_ShapeOp<string m, dag attrs> : Tile_Op<m, AllLevels, [Pure]> {
  let arguments = !con((ins TileTensor:$t), attrs);
  let results = (outs TileTensor:$result);
  let assemblyFormat = "$t `` custom<Options>(attr-dict) `:` type($t) `->` type($result)";
  let hasVerifier = 1;
}
def Tile_IotaOp : Tile_Op<"iota", AllLevels, [Pure]> {
  let summary = "index along `dim`: result[..] = coordinate of dim";
  let arguments = (ins I64Attr:$dim);
  let results = (outs TileIndexTensor:$result);
  let assemblyFormat = "`` custom<Options>(attr-dict) `:` type($result)";
  let hasVerifier = 1;
}
def Tile_SplatOp : Tile_Op<"splat", AllLevels, [Pure]> {
  let summary = "a scalar in every element";
  let arguments = (ins Tile_AnyScalar:$s);
  let results = (outs TileTensor:$result);
  let assemblyFormat = "$s `` custom<Options>(attr-dict) `:` type($s) `->` type($result)";
  let hasVerifier = 1;
}
def Tile_BroadcastOp : Tile_ShapeOp<"broadcast", (ins I64Attr:$at)> {
  let summary = "inserts a dim at position `at`; its extent follows from the result type";
}
def Tile_ReshapeOp : Tile_ShapeOp<"reshape", (ins)> { let summary = "row-major reshape"; }
def Tile_TransposeOp : Tile_Op<"transpose", AllLevels, [Pure, Tile_Infer]> {
  let summary = "result dim i = operand dim perm[i]";
  let arguments = (ins TileTensor:$t, DenseI64ArrayAttr:$perm);
  let results = (outs TileTensor:$result);
  let assemblyFormat = "$t $perm `` custom<Options>(attr-dict) `:` type($t)";
  let hasVerifier = 1;
}
def Tile_SliceOp : Tile_Op<"slice", AllLevels, [Pure]> {
  let summary = "static slice with unit steps";
  let arguments = (ins TileTensor:$t, DenseI64ArrayAttr:$offsets, DenseI64ArrayAttr:$sizes);
  let results = (outs TileTensor:$result);
  let assemblyFormat = "$t $offsets $sizes `` custom<Options>(attr-dict) `:` type($t) `->` type($result)";
  let hasVerifier = 1;
}
def Tile_SplitOp : Tile_Op<"split", AllLevels, [Pure]> {
  let summary = "takes the listed dims apart: one result per index of these dims, in row-major order, without the dims";
  let arguments = (ins TileTensor:$t, DenseI64ArrayAttr:$dims);
  let results = (outs Variadic<TileTensor>:$results);
  let assemblyFormat = "$t `` custom<Options>(attr-dict) `:` type($t) `->` type($results)";
  let hasVerifier = 1;
}
def Tile_JoinOp : Tile_Op<"join", AllLevels, [Pure]> {
  let summary = "stacks tiles along new dims, the inverse of split";
  let arguments = (ins Variadic<TileTensor>:$parts, DenseI64ArrayAttr:$dims);
  let results = (outs TileTensor:$result);
  let assemblyFormat = "$parts `` custom<Options>(attr-dict) `:` type($parts) `->` type($result)";
  let hasVerifier = 1;
}
def Tile_ConstantOp : Op<Tile_Dialect, "constant", [Symbol]> {
  let summary = "module-level constant tile, read by `tile.table`: `tile.constant @F : tensor<..> = dense<..>`";
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type, ElementsAttr:$value);
  let assemblyFormat = "$sym_name attr-dict `:` $type `=` $value";
  let hasVerifier = 1;
}
def Tile_TableOp : Tile_Op<"table", AllLevels, [Pure]> {
  let summary = "the tile of a `tile.constant`";
  let arguments = (ins FlatSymbolRefAttr:$table);
  let results = (outs TileTensor:$result);
  let assemblyFormat = "$table `` custom<Options>(attr-dict) `:` type($result)";
}
#endif
