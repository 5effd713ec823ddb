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
  let hasFolder = 1;
}
def Tile_IotaOp : Tile_Op<"iota", AllLevels, [Pure]> {
  let summary = "index along `dim`: result[..] = coordinate of dim";
  let description = [{ Constraints: (C35) `dim` is a dim of the result. }];
  let arguments = (ins I64Attr:$dim);
  let results = (outs TileIndexTensor:$result);
  let assemblyFormat = "`` custom<Options>(attr-dict) `:` type($result)";
  let hasVerifier = 1;
}
def Tile_SplatOp : Tile_Op<"splat", AllLevels, [Pure]> {
  let summary = "a scalar in every element";
  let description = [{ Constraints: (C36) the result's element type is that of the scalar. }];
  let arguments = (ins Tile_AnyScalar:$s);
  let results = (outs TileTensor:$result);
  let assemblyFormat = "$s `` custom<Options>(attr-dict) `:` type($s) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}
def Tile_ScalarOp : Tile_Op<"scalar", AllLevels, [Pure]> {
  let summary = "the element of a tile of rank 0, as a scalar: a condition or a bound that depends on data";
  let description = [{ Constraints: (C47) the tile has rank 0; the result has its element type. }];
  let arguments = (ins TileTensor:$t);
  let results = (outs Tile_AnyScalar:$s);
  let assemblyFormat = "$t `` custom<Options>(attr-dict) `:` type($t) `->` type($s)";
  let hasVerifier = 1;
  let hasFolder = 1;
}
def Tile_BroadcastOp : Tile_ShapeOp<"broadcast", (ins I64Attr:$at)> {
  let summary = "inserts a dim at position `at`; its extent follows from the result type";
  let description = [{ `result[i0, .., j, ..] = t[i0, ..]`. Constraints: (C14) the result without dim `at` has the operand's type. }];
  let hasCanonicalizeMethod = 1;
}
def Tile_ReshapeOp : Tile_ShapeOp<"reshape", (ins)> {
  let summary = "row-major reshape";
  let description = [{ Constraints: (C14) equal numbers of elements, equal element types. }];
  let hasCanonicalizeMethod = 1;
}
def Tile_TransposeOp : Tile_Op<"transpose", AllLevels, [Pure, Tile_Infer]> {
  let summary = "result dim i = operand dim perm[i]";
  let description = [{ Constraints: (C14) `perm` is a permutation of the dims. }];
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
  let arguments = (ins TileTensor:$t, DenseI64ArrayAttr:$perm);
  let results = (outs TileTensor:$result);
  let assemblyFormat = "$t $perm `` custom<Options>(attr-dict) `:` type($t)";
  let hasVerifier = 1;
}
def Tile_SliceOp : Tile_Op<"slice", AllLevels, [Pure]> {
  let summary = "static slice with unit steps";
  let description = [{ Constraints: (C14) one offset and size per dim, `0 <= offset`, `offset + size <= extent`; the result has the sizes. }];
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
  let arguments = (ins TileTensor:$t, DenseI64ArrayAttr:$offsets, DenseI64ArrayAttr:$sizes);
  let results = (outs TileTensor:$result);
  let assemblyFormat = "$t $offsets $sizes `` custom<Options>(attr-dict) `:` type($t) `->` type($result)";
  let hasVerifier = 1;
}
def Tile_SplitOp : Tile_Op<"split", AllLevels, [Pure]> {
  let summary = "takes the listed dims apart: one result per index of these dims, in row-major order, without the dims";
  let description = [{
    Constraints: (C37) `dims` are ascending dims of the tile; one result per index of them, each with the remaining dims.
  }];
  let hasCanonicalizeMethod = 1;
  let arguments = (ins TileTensor:$t, DenseI64ArrayAttr:$dims);
  let results = (outs Variadic<TileTensor>:$results);
  let assemblyFormat = "$t `` custom<Options>(attr-dict) `:` type($t) `->` type($results)";
  let hasVerifier = 1;
}
def Tile_JoinOp : Tile_Op<"join", AllLevels, [Pure]> {
  let summary = "stacks tiles along new dims, the inverse of split";
  let description = [{
    `dims` are the positions of the new dims in the result. Constraints: (C37) as for `tile.split`, with parts for results.
  }];
  let hasCanonicalizeMethod = 1;
  let arguments = (ins Variadic<TileTensor>:$parts, DenseI64ArrayAttr:$dims);
  let results = (outs TileTensor:$result);
  let assemblyFormat = "$parts `` custom<Options>(attr-dict) `:` type($parts) `->` type($result)";
  let hasVerifier = 1;
}
def Tile_ConstantOp : Op<Tile_Dialect, "constant", [Symbol]> {
  let summary = "module-level constant tile, read by `tile.table`: `tile.constant @F : tensor<..> = dense<..>`";
  let description = [{ Constraints: (C38) the value has the declared type, which is a legal tile (C20). }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type, ElementsAttr:$value);
  let assemblyFormat = "$sym_name attr-dict `:` $type `=` $value";
  let hasVerifier = 1;
}
def Tile_TableOp : Tile_Op<"table", AllLevels, [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the tile of a `tile.constant`";
  let description = [{ Constraints: (C38) the symbol is a `tile.constant` of the result's type. }];
  let arguments = (ins FlatSymbolRefAttr:$table);
  let results = (outs TileTensor:$result);
  let assemblyFormat = "$table `` custom<Options>(attr-dict) `:` type($result)";
}
def Tile_RelayoutOp : Tile_Op<"relayout", [Layout, Sync], [Pure]> {
  let summary = "the same tile spread over the threads in another way";
  let description = [{
    Registers that stay in their thread are renamed, all others go through shared memory. Constraints: (C48) the result has the operand's shape
    and elements.
  }];
  let arguments = (ins TileTensor:$t);
  let results = (outs TileTensor:$result);
  let assemblyFormat = "$t `` custom<Options>(attr-dict) `:` type($t) `->` type($result)";
  let hasVerifier = 1;
}
#endif
