// SPDX-License-Identifier: Apache-2.0
// Group A: kernel structure and global memory. Group G: the host side.
#ifndef SEQC_TILE_OPS_STRUCTURE
#define SEQC_TILE_OPS_STRUCTURE
include "seqc/Dialect/Tile/IR/TileBase.td"

def Tile_KernelOp : Tile_Op<"kernel", AllLevels, [IsolatedFromAbove, Symbol, SingleBlock, NoTerminator]> {
  let summary = "one GPU kernel or one CPU task function";
  let description = [{
    Both regions take the kernel's arguments (`!tile.ptr<T>`, then `index` sizes, then scalars). The `grid` region is integer
    arithmetic on the index arguments and yields 1 to 3 extents; the body runs once per program of the grid.
    `params` names the arguments in order; `access` says of each pointer argument `read` or `write` (other arguments: `value`).
    The optional attribute `tile.assume` is a list of predicates over the names of index arguments, e.g. `["L % 64 == 0"]`; whoever
    launches the kernel guarantees them, and that index arguments are sizes: never negative.

    Constraints:
    - (C20) a tile has rank 0 to 6, extents of at least 1, at most 65536 elements of f64, f32, f16, bf16, i1, i8, i32 or i64.
    - (C21) tiles have no encoding at the levels block and sched.
    - (C22) the body holds ops of `tile`, `arith`, `math` and `scf` only; of `scf` `for` (signed), `if` and `while`; each `tile` op at one of its levels.
    - (C23) of `arith` and `math` the elementwise ops that `isLegalScalarOp` lists: exponentials and logarithms have base 2.
    - (C24) fast-math flags are `contract`, and `afn` on exp2, log2, tanh, rsqrt and divf.
    - (C18) tile constants are splats; other constants are `tile.constant`.
    - (C25) arguments are pointers (read before written), then indices, then scalars; `params` and `access` have one entry each, names differ.
    - (C26) stores and accumulates go to `write` pointers.
    - (C27) views and pointers are used where they are defined: never block arguments of loops, results of `scf` ops or of `select`.
    - (C28) the grid region holds index arithmetic of the kernel's index arguments and `tile.num_sms`, and yields 1 to 3 extents;
      `tile.program_id` stands in the body, for a dim that the grid has.
    - (C45) values of `config` are integers. (C46) `tile.assume` holds predicates over index arguments.
    - (C16) no op gives a scalar computed from tile elements: follows from the closed list of ops.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<StrAttr>:$target, Tile_Level:$level, Tile_ConfigAttr:$config,
                       OptionalAttr<StrArrayAttr>:$params, OptionalAttr<StrArrayAttr>:$access);
  let regions = (region SizedRegion<1>:$grid, SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
  let more = [{
    /// Name of argument i: from `params`, else "arg<i>".
    std::string paramName(unsigned i);
    /// True if pointer argument i is written.
    bool isWritten(unsigned i);
  }];
}
def Tile_GridYieldOp : Tile_Op<"grid_yield", AllLevels, [Pure, Terminator, HasParent<"KernelOp">]> {
  let summary = "grid extents, x first";
  let arguments = (ins Variadic<Index>:$extents);
  let assemblyFormat = "$extents attr-dict";
}
def Tile_YieldOp : Tile_Op<"yield", AllLevels, [Pure, Terminator, ParentOneOf<["MapOp", "RecurOp", "ScanOp"]>]> {
  let summary = "results of a region";
  let arguments = (ins Variadic<AnyType>:$values);
  let builders = [OpBuilder<(ins), [{ }]>];
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}
def Tile_NumSmsOp : Tile_Op<"num_sms", AllLevels, [Pure]> {
  let summary = "number of SMs of the device (of workers on the CPU); only in `grid` regions (C28)";
  let results = (outs Index:$n);
  let assemblyFormat = "attr-dict";
}
def Tile_ProgramIdOp : Tile_Op<"program_id", AllLevels, [Pure]> {
  let summary = "coordinate of the running program in the grid";
  let arguments = (ins I64Attr:$dim);
  let results = (outs Index:$id);
  let assemblyFormat = "$dim attr-dict";
}
def Tile_ViewOp : Tile_Op<"view", AllLevels, [Pure, AttrSizedOperandSegments]> {
  let summary = "names global memory; sizes bound every access; strides in elements";
  let description = [{
    Element (i0, i1, ..) of the view is element `sum_d i_d * strides[d]` of the pointer's memory, for `0 <= i_d < sizes[d]`.

    Constraints: (C30) one size and one stride per dim, the static ones equal to those of the type; the element type is the pointer's.
  }];
  let arguments = (ins Tile_PtrType:$ptr, Variadic<Index>:$sizes, Variadic<Index>:$strides,
                       DenseI64ArrayAttr:$static_sizes, DenseI64ArrayAttr:$static_strides);
  let results = (outs Tile_ViewType:$view);
  let builders = [OpBuilder<(ins "::mlir::Value":$ptr, "::llvm::ArrayRef<::mlir::OpFoldResult>":$sizes,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$strides)>];
  let assemblyFormat = [{$ptr `sizes` custom<IndexList>($sizes, $static_sizes)
    `strides` custom<IndexList>($strides, $static_strides) `` custom<Options>(attr-dict) `:` type($ptr) `->` type($view)}];
  let hasVerifier = 1;
}
def Tile_SubviewOp : Tile_Op<"subview", AllLevels, [Pure, AttrSizedOperandSegments]> {
  let summary = "shifts the base by the offsets and sets new sizes; the dims listed in `drop` (of size 1) are left out of the result";
  let description = [{
    The program guarantees `0 <= offsets[d]` and `offsets[d] + sizes[d] <= size of dim d`: a subview never reaches beyond its view.

    Constraints: (C31) one offset and one size per dim; dims in `drop` ascend and have the static size 1; the result has the sizes and
    the strides of the dims that are kept.
  }];
  let arguments = (ins Tile_ViewType:$view, Variadic<Index>:$offsets, Variadic<Index>:$sizes,
                       DenseI64ArrayAttr:$static_offsets, DenseI64ArrayAttr:$static_sizes, OptionalAttr<DenseI64ArrayAttr>:$drop);
  let results = (outs Tile_ViewType:$result);
  let builders = [OpBuilder<(ins "::mlir::Value":$view, "::llvm::ArrayRef<::mlir::OpFoldResult>":$offsets,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$sizes, "::llvm::ArrayRef<bool>":$dropped)>];
  let assemblyFormat = [{$view `` custom<IndexList>($offsets, $static_offsets) `sizes` custom<IndexList>($sizes, $static_sizes)
    `` custom<Options>(attr-dict) `:` type($view) `->` type($result)}];
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
  let more = [{
    /// Which dims of the source view are left out of the result (always of size 1).
    ::llvm::SmallVector<bool> droppedDims();
  }];
}
def Tile_LoadOp : Tile_Op<"load", AllLevels, [MemoryEffects<[MemRead<Tile_GlobalRes>]>]> {
  let summary = "tile at a coordinate; the tile's dims match the trailing dims of the view; outside the bounds the pad value (default 0)";
  let description = [{
    `coords` has one entry per dim of the view and may be negative. `inbounds` lists the dims of the *view* whose accesses are
    proved to lie inside the bounds.

    Constraints: (C15) the tile's rank is at most the view's, the element types are equal. (C32) one coordinate per dim of the view.
    (C33) `inbounds` lists dims of the view in ascending order.
  }];
  let arguments = (ins Tile_ViewType:$view, Variadic<Index>:$coords, DenseI64ArrayAttr:$static_coords, OptionalAttr<F64Attr>:$pad,
                       OptionalAttr<DenseI64ArrayAttr>:$inbounds);
  let results = (outs TileTensor:$result);
  let builders = [OpBuilder<(ins "::mlir::RankedTensorType":$type, "::mlir::Value":$view, "::llvm::ArrayRef<::mlir::OpFoldResult>":$coords,
                                 CArg<"double", "0.0">:$pad)>];
  let assemblyFormat = "$view `` custom<IndexList>($coords, $static_coords) `` custom<Options>(attr-dict) `:` type($view) `->` type($result)";
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
  let more = "double getPadValue() { return getPad() ? getPad()->convertToDouble() : 0.0; }";
}
def Tile_StoreOp : Tile_Op<"store", AllLevels, [MemoryEffects<[MemWrite<Tile_GlobalRes>]>]> {
  let summary = "stores the elements that lie inside the bounds of the view";
  let description = [{ Two programs of a grid never store to the same element. Constraints: C15, C26, C32, C33. }];
  let arguments = (ins TileTensor:$value, Tile_ViewType:$view, Variadic<Index>:$coords, DenseI64ArrayAttr:$static_coords,
                       OptionalAttr<DenseI64ArrayAttr>:$inbounds);
  let builders = [OpBuilder<(ins "::mlir::Value":$value, "::mlir::Value":$view, "::llvm::ArrayRef<::mlir::OpFoldResult>":$coords)>];
  let assemblyFormat = "$value `,` $view `` custom<IndexList>($coords, $static_coords) `` custom<Options>(attr-dict) `:` type($value) `,` type($view)";
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
}
def Tile_GatherOp : Tile_Op<"gather", AllLevels, [MemoryEffects<[MemRead<Tile_GlobalRes>]>]> {
  let summary = "slices by index along dim `dim` of the view; a negative index or one at or above the size gives the pad value (default 0)";
  let description = [{
    `coords` gives the start in every dim of the view, as in `load`; the entry of `dim` is ignored. The result has the dims of a
    `load` of the same rank, with dim `dim` replaced by the extent of `idx`; `dim` must be among the trailing dims that the tile covers.

    Constraints: C15, C32; (C34) `idx` is an i32 or i64 tile of rank 1, `dim` is a dim of the view that the tile covers, and the tile's
    extent there is that of `idx`.
  }];
  let arguments = (ins Tile_ViewType:$view, TileIndexTensor:$idx, Variadic<Index>:$coords, DenseI64ArrayAttr:$static_coords, I64Attr:$dim,
                       OptionalAttr<F64Attr>:$pad);
  let results = (outs TileTensor:$result);
  let builders = [OpBuilder<(ins "::mlir::RankedTensorType":$type, "::mlir::Value":$view, "::mlir::Value":$idx, "::llvm::ArrayRef<::mlir::OpFoldResult>":$coords,
                                 "int64_t":$dim, CArg<"double", "0.0">:$pad)>];
  let assemblyFormat = "$view `` custom<IndexList>($coords, $static_coords) `by` $idx `` custom<Options>(attr-dict) `:` type($view) `,` type($idx) `->` type($result)";
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
  let more = "double getPadValue() { return getPad() ? getPad()->convertToDouble() : 0.0; }";
}
def Tile_LoadScalarOp : Tile_Op<"load_scalar", AllLevels, [MemoryEffects<[MemRead<Tile_GlobalRes>]>,
    TypesMatchWith<"result is the view's element", "view", "result", "::llvm::cast<ViewType>($_self).getElementType()">]> {
  let summary = "uniform load of one element; the coordinate must lie inside the bounds";
  let description = [{ Constraints: C32. }];
  let arguments = (ins Tile_ViewType:$view, Variadic<Index>:$coords, DenseI64ArrayAttr:$static_coords);
  let results = (outs Tile_AnyScalar:$result);
  let builders = [OpBuilder<(ins "::mlir::Value":$view, "::llvm::ArrayRef<::mlir::OpFoldResult>":$coords)>];
  let assemblyFormat = "$view `` custom<IndexList>($coords, $static_coords) `` custom<Options>(attr-dict) `:` type($view)";
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
}
def Tile_AccumulateOp : Tile_Op<"accumulate", AllLevels, [MemoryEffects<[MemRead<Tile_GlobalRes>, MemWrite<Tile_GlobalRes>]>]> {
  let summary = "adds a tile into memory, inside the bounds; programs of one grid may accumulate into the same place";
  let description = [{ Constraints: C15, C26, C32; (C44) elements are f64, f32, f16, bf16 or i32. }];
  let arguments = (ins TileTensor:$value, Tile_ViewType:$view, Variadic<Index>:$coords, DenseI64ArrayAttr:$static_coords);
  let assemblyFormat = "$value `,` $view `` custom<IndexList>($coords, $static_coords) `` custom<Options>(attr-dict) `:` type($value) `,` type($view)";
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
}

//===-- G. Host side ---------------------------------------------------------===//
def Tile_LaunchOp : Op<Tile_Dialect, "launch", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "launches a kernel inside a host function on tensors (destination-passing style)";
  let description = [{
    Operands in the order of the kernel's parameters: `ins` are its read pointers, `outs` (each a `tensor.empty` or another
    destination) its written pointers, `scalars` its index and scalar arguments. Result i is the new value of `outs` i.
    All tensors are contiguous and row-major.

    `when (%g : @small)` lists kernels for some sizes: the first whose guard is not 0 runs instead, on the same operands.

    Constraints: (C42) the kernel exists and says what it reads and writes (`access`); as many operands as it has read pointers, written
    pointers, and index and scalar arguments, with their element types; result types are those of `outs`. The same holds for every
    alternative, each with its guard.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyRankedTensor>:$inputs, Variadic<AnyRankedTensor>:$outs,
                       Variadic<AnyTypeOf<[Index, Tile_AnyScalar]>>:$scalars, Variadic<Index>:$guards,
                       OptionalAttr<FlatSymbolRefArrayAttr>:$alternatives);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{$kernel `ins` `(` ($inputs^ `:` type($inputs))? `)` `outs` `(` $outs `:` type($outs) `)`
    (`scalars` `(` $scalars^ `:` type($scalars) `)`)? (`when` `(` $guards^ `:` $alternatives `)`)? attr-dict `->` type($results)}];
  let builders = [OpBuilder<(ins "::mlir::TypeRange":$results, "::mlir::FlatSymbolRefAttr":$kernel, "::mlir::ValueRange":$inputs,
                                 "::mlir::ValueRange":$outs, "::mlir::ValueRange":$scalars)>];
  let extraClassDeclaration = [{
    /// All kernels that may run: the alternatives in order, then the kernel.
    ::llvm::SmallVector<::mlir::FlatSymbolRefAttr> getKernels();
  }];
  let hasVerifier = 1;
}
#endif
