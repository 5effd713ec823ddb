// SPDX-License-Identifier: Apache-2.0
// Dialect, types, attributes, level interface and op base class of the `tile` dialect.
#ifndef SEQC_TILE_BASE
#define SEQC_TILE_BASE
include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::seqc::tile";
  let summary = "Block programs: one kernel of whole tiles over a grid";
  let description = [{
    One `tile.kernel` is one GPU kernel or one CPU task function. Tiles are SSA values of builtin ranked tensor type
    with static shape; only views of global memory have effects. Elementwise work is upstream `arith` and `math` on
    tensors, control flow is `scf`.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect"];
  let hasConstantMaterializer = 1;
}

//===-- Types ---------------------------------------------------------------===//
class Tile_Type<string cpp, string m> : TypeDef<Tile_Dialect, cpp> { let mnemonic = m; }
def Tile_PtrType : Tile_Type<"Ptr", "ptr"> {
  let summary = "pointer to global memory; kernel arguments only";
  let parameters = (ins "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $elementType `>`";
}
def Tile_ViewType : Tile_Type<"View", "view"> {
  let summary = "pointer + sizes + element strides, each static or `?`: `!tile.view<?x128xbf16, [128, 1]>`; sizes are bounds";
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType,
                        ArrayRefParameter<"int64_t">:$strides);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = "int64_t getRank() const { return getShape().size(); }";
}
defvar TileTensor = StaticShapeTensorOf<[AnyFloat, AnySignlessInteger]>;
defvar TileIndexTensor = StaticShapeTensorOf<[AnySignlessInteger]>;
def Tile_AnyScalar : AnyTypeOf<[AnyFloat, AnySignlessInteger]>;

//===-- Attributes ----------------------------------------------------------===//
def Tile_ConfigAttr : AttrDef<Tile_Dialect, "Config"> {
  let mnemonic = "config";
  let summary = "tile sizes and other choices of a kernel, an integer dictionary: `#tile.config<{bm = 64, bn = 128}>`";
  let parameters = (ins "::mlir::DictionaryAttr":$values);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}
def Tile_DistAttr : AttrDef<Tile_Dialect, "Dist"> {
  let mnemonic = "dist";
  let summary = "how a tile is spread over registers, lanes and warps: `#tile.dist<reg [2:1@d1, 2:8@d0], lane [4:2@d1, 8:1@d0], warp [4:16@d0]>`";
  let description = [{
    A digit map (lib/Layout): each axis is a mixed-radix number, fastest digit first. A digit `size:stride@d<dim>` adds value * stride to the
    coordinate of dim; `size:_` is a replica. Stored flat: size, stride, dim of each digit, with dim -1 for replicas.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$reg, ArrayRefParameter<"int64_t">:$lane, ArrayRefParameter<"int64_t">:$warp);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}
// A closed set of words, kept as a StringAttr; `custom<Options>` prints it bare.
class Tile_Word<list<string> cases> : Attr<
    CPred<"::mlir::isa<::mlir::StringAttr>($_self) && ::llvm::is_contained({\"" # !interleave(cases, "\",\"") #
          "\"}, ::llvm::cast<::mlir::StringAttr>($_self).getValue())">,
    "one of " # !interleave(cases, ", ")> {
  let storageType = "::mlir::StringAttr";
  let returnType = "::llvm::StringRef";
  let convertFromStorage = "$_self.getValue()";
  let constBuilderCall = "$_builder.getStringAttr($0)";
}
def Tile_Level : I32EnumAttr<"Level", "level of a tile program", [
    I32EnumAttrCase<"Block", 0, "block">, I32EnumAttrCase<"Sched", 1, "sched">,
    I32EnumAttrCase<"Layout", 2, "layout">, I32EnumAttrCase<"Sync", 3, "sync">]> {
  let cppNamespace = "::seqc::tile";
}

//===-- Levels and effects --------------------------------------------------===//
def TileLevelOpInterface : OpInterface<"TileLevelOpInterface"> {
  let cppNamespace = "::seqc::tile";
  let methods = [StaticInterfaceMethod<"bit mask of the levels at which the op is legal", "unsigned", "legalLevels">];
}
defvar Block = 1;
defvar Sched = 2;
defvar Layout = 4;
defvar Sync = 8;
defvar AllLevels = [Block, Sched, Layout, Sync];
def Tile_GlobalRes : Resource<"::seqc::tile::GlobalResource">;

class Tile_Op<string m, list<int> levels, list<Trait> t = []>
    : Op<Tile_Dialect, m, !listconcat([TileLevelOpInterface], t)> {
  int mask = !foldl(0, levels, a, b, !or(a, b));
  code more = "";
  let extraClassDeclaration = "static unsigned legalLevels() { return " # !cast<string>(mask) # "; }\n" # more;
}
defvar Tile_Infer = DeclareOpInterfaceMethods<InferTypeOpInterface>;
#endif
