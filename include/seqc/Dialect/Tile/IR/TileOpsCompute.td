// SPDX-License-Identifier: Apache-2.0
// Group C: compute.
#ifndef SEQC_TILE_OPS_COMPUTE
#define SEQC_TILE_OPS_COMPUTE
include "seqc/Dialect/Tile/IR/TileBase.td"

def Tile_DotOp : Tile_Op<"dot", AllLevels, [Pure]> {
  let summary = "D[b.., m, n] = acc + sum_k A[b.., m, k] B[(b..,) k, n]";
  let description = [{
    Leading batch dims are equal or absent on B. f16, bf16, f32 operands (equal types) with an f32 accumulator; i8 with i32;
    f64 with f64. Products are exact, sums are kept in the accumulator's type in an order that is fixed for a given kernel and target.

    Constraints: (C1) `A[b.., m, k]`, `B[b.., k, n]` or `B[k, n]`, `D[b.., m, n]` with equal extents; the types above; `acc` has the
    result's type.
  }];
  let arguments = (ins TileTensor:$a, TileTensor:$b, Optional<TileTensor>:$acc, OptionalAttr<Tile_Word<["auto", "mma", "wgmma"]>>:$engine);
  let results = (outs TileTensor:$result);
  let builders = [OpBuilder<(ins "::mlir::RankedTensorType":$type, "::mlir::Value":$a, "::mlir::Value":$b, CArg<"::mlir::Value", "{}">:$acc), [{
    build($_builder, $_state, type, a, b, acc, ::mlir::StringAttr());
  }]>];
  let assemblyFormat = "$a `,` $b (`,` $acc^)? `` custom<Options>(attr-dict) `:` type($a) `,` type($b) (`,` type($acc)^)? `->` type($result)";
  let hasVerifier = 1;
}
def Tile_ReduceOp : Tile_Op<"reduce", AllLevels, [Pure]> {
  let summary = "reduction over the listed dims, which the result does not have; kinds add, max, min, mul, or, and";
  let description = [{
    max and min propagate NaN (as arith.maximumf). f16 and bf16 sums are kept in f32 and rounded once. The order
    of combination is fixed for a given kernel and target.

    Constraints: (C39) `dims` ascend and are dims of the tile; the result has the others; `or` and `and` take integers.
  }];
  let arguments = (ins TileTensor:$t, DenseI64ArrayAttr:$dims, Tile_Word<["add", "max", "min", "mul", "or", "and"]>:$kind);
  let results = (outs TileTensor:$result);
  let assemblyFormat = "$t `` custom<Options>(attr-dict) `:` type($t) `->` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$t, "::llvm::ArrayRef<int64_t>":$dims, "::llvm::StringRef":$kind)>];
  let hasVerifier = 1;
}
def Tile_ScanOp : Tile_Op<"scan", AllLevels, [RecursiveMemoryEffects, RecursivelySpeculatable]> {
  let summary = "inclusive associative scan along `dim`: kind add, mul, max, min, or a region (acc.., x..) -> acc..";
  let description = [{
    Without `kind` the region combines two elements of the tuple of operands: it takes the accumulated elements, then the next
    ones (scalars), and yields the combined ones, e.g. (a, b)(c, d) = (a c, b c + d). `reverse` starts at the last element.

    Constraints: (C40) operands and results have one shape and equal types pairwise; `dim` is a dim of it; exactly one of `kind` (with
    one operand) and the region, whose 2n arguments and n yielded values have the element types of the operands; its ops are as in (C13).
  }];
  let arguments = (ins Variadic<TileTensor>:$inputs, I64Attr:$dim, UnitAttr:$reverse, OptionalAttr<Tile_Word<["add", "mul", "max", "min"]>>:$kind);
  let results = (outs Variadic<TileTensor>:$results);
  let regions = (region AnyRegion:$body);
  let assemblyFormat = "$inputs `` custom<Options>(attr-dict) `:` type($inputs) `->` type($results) `` custom<Combine>($body)";
  let hasRegionVerifier = 1;
}
def Tile_RecurOp : Tile_Op<"recur", AllLevels, [RecursiveMemoryEffects, RecursivelySpeculatable, SingleBlock, AttrSizedOperandSegments]> {
  let summary = "sequential fold along `dim`: region (states.., x_t..) -> (states'.., y_t..)";
  let description = [{
    Each input loses dim `dim` inside the body; results are the final states, then each y stacked at `dim`. The body works on
    tiles and may capture tiles.

    Constraints: (C41) at least one input; `dim` is a dim of every input, with one extent; the body takes states of the types of `inits`,
    then each input without `dim`; it yields states, then outputs, and the results are the states, then the outputs with that extent
    inserted at `dim`. (C13) ops without effects and without branches.
  }];
  let arguments = (ins Variadic<TileTensor>:$inputs, Variadic<TileTensor>:$inits, I64Attr:$dim, UnitAttr:$reverse);
  let results = (outs Variadic<TileTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$inputs `init` `(` $inits `)` `` custom<ArgRegion>($body) `` custom<Options>(attr-dict) `:` type($inputs) `init` `(` type($inits) `)` `->` type($results)";
  let hasRegionVerifier = 1;
}
def Tile_MapOp : Tile_Op<"map", AllLevels, [RecursiveMemoryEffects, RecursivelySpeculatable, SingleBlock, AttrSizedOperandSegments]> {
  let summary = "scalar region at every element: one scalar per input, one index per dim (tile index + `at` offset)";
  let description = [{
    The body holds scalar `arith` and `math` only, without branches, and may capture scalars. Index to float is
    `arith.index_cast` to i32, then `arith.sitofp`. All inputs and results have one shape.

    Constraints: (C43) inputs and results (at least one) have one shape; one offset per dim; the body takes the inputs' elements and one
    index per dim, and yields the results' elements. (C13) the body holds scalar `arith` and `math` ops and uses scalars.
  }];
  let hasCanonicalizeMethod = 1;
  let arguments = (ins Variadic<TileTensor>:$inputs, Variadic<Index>:$offsets, DenseI64ArrayAttr:$static_offsets);
  let results = (outs Variadic<TileTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$inputs `at` custom<IndexList>($offsets, $static_offsets) `` custom<ArgRegion>($body) `` custom<Options>(attr-dict) (`:` type($inputs)^)? `->` type($results)";
  let hasRegionVerifier = 1;
}
#endif
