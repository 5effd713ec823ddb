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
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<StrAttr>:$target, Tile_Level:$level, Tile_ConfigAttr:$config,
                       OptionalAttr<StrArrayAttr>:$params, OptionalAttr<StrArrayAttr>:$access);
  let regions = (region SizedRegion<1>:$grid, SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
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
  let summary = "number of SMs of the device (of workers on the CPU); only in `grid` regions";
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
  let arguments = (ins Tile_PtrType:$ptr, Variadic<Index>:$sizes, Variadic<Index>:$strides,
                       DenseI64ArrayAttr:$static_sizes, DenseI64ArrayAttr:$static_strides);
  let results = (outs Tile_ViewType:$view);
  let builders = [OpBuilder<(ins "::mlir::Value":$ptr, "::llvm::ArrayRef<::mlir::OpFoldResult>":$sizes,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$strides)>];
  let assemblyFormat = [{$ptr `sizes` custom<DynamicIndexList>($sizes, $static_sizes)
    `strides` custom<DynamicIndexList>($strides, $static_strides) `` custom<Options>(attr-dict) `:` type($ptr) `->` type($view)}];
  let hasVerifier = 1;
}
def Tile_SubviewOp : Tile_Op<"subview", AllLevels, [Pure, AttrSizedOperandSegments]> {
  let summary = "shifts the base by the offsets and sets new sizes (never beyond the old bounds); dims of size 1 may be left out of the result";
  let arguments = (ins Tile_ViewType:$view, Variadic<Index>:$offsets, Variadic<Index>:$sizes,
                       DenseI64ArrayAttr:$static_offsets, DenseI64ArrayAttr:$static_sizes);
  let results = (outs Tile_ViewType:$result);
  let builders = [OpBuilder<(ins "::mlir::Value":$view, "::llvm::ArrayRef<::mlir::OpFoldResult>":$offsets,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$sizes, "::llvm::ArrayRef<bool>":$dropped)>];
  let assemblyFormat = [{$view `` custom<DynamicIndexList>($offsets, $static_offsets) `sizes` custom<DynamicIndexList>($sizes, $static_sizes)
    `` custom<Options>(attr-dict) `:` type($view) `->` type($result)}];
  let hasVerifier = 1;
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
  }];
  let arguments = (ins Tile_ViewType:$view, Variadic<Index>:$coords, DenseI64ArrayAttr:$static_coords, OptionalAttr<F64Attr>:$pad,
                       OptionalAttr<DenseI64ArrayAttr>:$inbounds);
  let results = (outs TileTensor:$result);
  let builders = [OpBuilder<(ins "::mlir::RankedTensorType":$type, "::mlir::Value":$view, "::llvm::ArrayRef<::mlir::OpFoldResult>":$coords,
                                 CArg<"double", "0.0">:$pad)>];
  let assemblyFormat = "$view `` custom<DynamicIndexList>($coords, $static_coords) `` custom<Options>(attr-dict) `:` type($view) `->` type($result)";
  let hasVerifier = 1;
  let more = "double getPadValue() { return getPad() ? getPad()->convertToDouble() : 0.0; }";
}
def Tile_StoreOp : Tile_Op<"store", AllLevels, [MemoryEffects<[MemWrite<Tile_GlobalRes>]>]> {
  let summary = "stores the elements that lie inside the bounds of the view";
  let arguments = (ins TileTensor:$value, Tile_ViewType:$view, Variadic<Index>:$coords, DenseI64ArrayAttr:$static_coords,
                       OptionalAttr<DenseI64ArrayAttr>:$inbounds);
  let builders = [OpBuilder<(ins "::mlir::Value":$value, "::mlir::Value":$view, "::llvm::ArrayRef<::mlir::OpFoldResult>":$coords)>];
  let assemblyFormat = "$value `,` $view `` custom<DynamicIndexList>($coords, $static_coords) `` custom<Options>(attr-dict) `:` type($value) `,` type($view)";
  let hasVerifier = 1;
}
def Tile_GatherOp : Tile_Op<"gather", AllLevels, [MemoryEffects<[MemRead<Tile_GlobalRes>]>]> {
  let summary = "slices by index along dim `dim` of the view; a negative index or one at or above the size gives the pad value (default 0)";
  let description = [{
    `coords` gives the start in every dim of the view, as in `load`; the entry of `dim` is ignored. The result has the dims of a
    `load` of the same rank, with dim `dim` replaced by the extent of `idx`; `dim` must be among the trailing dims that the tile covers.
  }];
  let arguments = (ins Tile_ViewType:$view, TileIndexTensor:$idx, Variadic<Index>:$coords, DenseI64ArrayAttr:$static_coords, I64Attr:$dim,
                       OptionalAttr<F64Attr>:$pad);
  let results = (outs TileTensor:$result);
  let builders = [OpBuilder<(ins "::mlir::RankedTensorType":$type, "::mlir::Value":$view, "::mlir::Value":$idx, "::llvm::ArrayRef<::mlir::OpFoldResult>":$coords,
                                 "int64_t":$dim, CArg<"double", "0.0">:$pad)>];
  let assemblyFormat = "$view `` custom<DynamicIndexList>($coords, $static_coords) `by` $idx `` custom<Options>(attr-dict) `:` type($view) `,` type($idx) `->` type($result)";
  let hasVerifier = 1;
  let more = "double getPadValue() { return getPad() ? getPad()->convertToDouble() : 0.0; }";
}
def Tile_LoadScalarOp : Tile_Op<"load_scalar", AllLevels, [MemoryEffects<[MemRead<Tile_GlobalRes>]>,
    TypesMatchWith<"result is the view's element", "view", "result", "::llvm::cast<ViewType>($_self).getElementType()">]> {
  let summary = "uniform load of one element; the coordinate must lie inside the bounds";
  let arguments = (ins Tile_ViewType:$view, Variadic<Index>:$coords, DenseI64ArrayAttr:$static_coords);
  let results = (outs Tile_AnyScalar:$result);
  let builders = [OpBuilder<(ins "::mlir::Value":$view, "::llvm::ArrayRef<::mlir::OpFoldResult>":$coords)>];
  let assemblyFormat = "$view `` custom<DynamicIndexList>($coords, $static_coords) `` custom<Options>(attr-dict) `:` type($view)";
  let hasVerifier = 1;
}
def Tile_AccumulateOp : Tile_Op<"accumulate", AllLevels, [MemoryEffects<[MemRead<Tile_GlobalRes>, MemWrite<Tile_GlobalRes>]>]> {
  let summary = "adds a tile into memory, inside the bounds; programs of one grid may accumulate into the same place";
  let arguments = (ins TileTensor:$value, Tile_ViewType:$view, Variadic<Index>:$coords, DenseI64ArrayAttr:$static_coords);
  let assemblyFormat = "$value `,` $view `` custom<DynamicIndexList>($coords, $static_coords) `` custom<Options>(attr-dict) `:` type($value) `,` type($view)";
  let hasVerifier = 1;
}

//===-- G. Host side ---------------------------------------------------------===//
def Tile_LaunchOp : Op<Tile_Dialect, "launch", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "launches a kernel inside a host function on tensors (destination-passing style)";
  let description = [{
    Operands in the order of the kernel's parameters: `ins` are its read pointers, `outs` (each a `tensor.empty` or another
    destination) its written pointers, `scalars` its index and scalar arguments. Result i is the new value of `outs` i.
    All tensors are contiguous and row-major.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyRankedTensor>:$inputs, Variadic<AnyRankedTensor>:$outs,
                       Variadic<AnyTypeOf<[Index, Tile_AnyScalar]>>:$scalars);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{$kernel `ins` `(` ($inputs^ `:` type($inputs))? `)` `outs` `(` $outs `:` type($outs) `)`
    (`scalars` `(` $scalars^ `:` type($scalars) `)`)? attr-dict `->` type($results)}];
  let hasVerifier = 1;
}
#endif
