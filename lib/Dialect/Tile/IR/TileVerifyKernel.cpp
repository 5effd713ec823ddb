// SPDX-License-Identifier: Apache-2.0
// The kernel's own rules: arguments, grid, and one walk over the body.
#include "TileVerify.h"
#include "seqc/Dialect/Tile/IR/TileLayouts.h"
#include "seqc/Support/Expr.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace seqc::tile;

LogicalResult seqc::tile::verifyTileType(Operation *op, RankedTensorType type, bool allowEncoding) {
  if (type.getRank() > 6)
    return op->emitOpError() << "expects tiles of rank 0 to 6, but got " << type;
  if (!type.hasStaticShape() || llvm::any_of(type.getShape(), [](int64_t n) { return n < 1; }))
    return op->emitOpError() << "expects tiles with static extents of at least 1, but got " << type;
  if (type.getNumElements() > 65536)
    return op->emitOpError() << "expects tiles of at most 65536 elements, but got " << type;
  if (!isLegalElementType(type.getElementType()))
    return op->emitOpError() << "expects tiles of f64, f32, f16, bf16, i1, i8, i32 or i64, but got " << type;
  if (!allowEncoding)
    return type.getEncoding() ? op->emitOpError() << "expects tiles without encoding at this level, but got " << type : success();
  if (llvm::Expected<layout::DigitMap> map = layoutOf(type); !map)
    return op->emitOpError() << "expects tiles with a layout at this level, but got " << type << ": " << toString(map.takeError());
  return success();
}

//===-- Attributes and arguments ------------------------------------------------===//

/// Which part of the argument list a type belongs to: 0 read pointers, 1 written pointers, 2 indices, 3 scalars.
static std::optional<unsigned> argumentClass(KernelOp kernel, BlockArgument a) {
  Type t = a.getType();
  if (auto ptr = dyn_cast<PtrType>(t))
    return isLegalElementType(ptr.getElementType()) ? std::optional<unsigned>(kernel.isWritten(a.getArgNumber()) ? 1 : 0) : std::nullopt;
  if (t.isIndex())
    return 2;
  return isLegalElementType(t) ? std::optional<unsigned>(3) : std::nullopt;
}

static LogicalResult verifyArguments(KernelOp kernel) {
  unsigned last = 0;
  for (BlockArgument a : kernel.getBody().getArguments()) {
    std::optional<unsigned> kind = argumentClass(kernel, a);
    if (!kind)
      return kernel.emitOpError() << "expects arguments that are pointers, index or scalars of a legal element type, but got " << a.getType();
    if (*kind < last)
      return kernel.emitOpError() << "expects read pointers, written pointers, indices and scalars in this order, but got argument " << a.getArgNumber()
                                  << " of type " << a.getType() << " too late";
    last = *kind;
  }
  if (kernel.getGrid().getArgumentTypes() != kernel.getBody().getArgumentTypes())
    return kernel.emitOpError("expects the same arguments for grid and body");
  return success();
}

static LogicalResult verifyNames(KernelOp kernel) {
  unsigned count = kernel.getBody().getNumArguments();
  llvm::StringSet<> seen;
  if (ArrayAttr params = kernel.getParamsAttr()) {
    if (params.size() != count)
      return kernel.emitOpError() << "expects one name in params per argument, but got " << params.size() << " for " << count;
    for (auto name : params.getAsRange<StringAttr>())
      if (name.empty() || !seen.insert(name).second)
        return kernel.emitOpError() << "expects params that differ and are not empty, but got " << name;
  }
  ArrayAttr access = kernel.getAccessAttr();
  if (!access)
    return success();
  if (access.size() != count)
    return kernel.emitOpError() << "expects one entry in access per argument, but got " << access.size() << " for " << count;
  for (auto [word, a] : llvm::zip_equal(access.getAsRange<StringAttr>(), kernel.getBody().getArguments())) {
    bool isPointer = isa<PtrType>(a.getType());
    if (isPointer ? (word != "read" && word != "write") : word != "value")
      return kernel.emitOpError() << "expects access " << (isPointer ? "read or write" : "value") << " for argument "
                                  << kernel.paramName(a.getArgNumber()) << ", but got " << word;
  }
  return success();
}

static LogicalResult verifyAssumptions(KernelOp kernel) {
  auto assume = kernel->getAttrOfType<ArrayAttr>("tile.assume");
  if (!assume)
    return success();
  llvm::StringSet<> indices;
  for (BlockArgument a : kernel.getBody().getArguments())
    if (a.getType().isIndex())
      indices.insert(kernel.paramName(a.getArgNumber()));
  for (Attribute fact : assume) {
    auto text = dyn_cast<StringAttr>(fact);
    if (!text)
      return kernel.emitOpError() << "expects strings in tile.assume, but got " << fact;
    llvm::Expected<seqc::Expr> e = seqc::Expr::parse(text);
    if (!e)
      return kernel.emitOpError() << "expects a predicate in tile.assume, but got " << text << ": " << toString(e.takeError());
    std::vector<std::string> names;
    e->collectNames(names);
    for (const std::string &name : names)
      if (!indices.contains(name))
        return kernel.emitOpError() << "expects names of index arguments in tile.assume, but got " << name;
  }
  return success();
}

//===-- Grid ----------------------------------------------------------------------===//

static bool isGridOp(Operation *op) {
  return isa<NumSmsOp, GridYieldOp, arith::ConstantOp, arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::DivSIOp, arith::DivUIOp, arith::CeilDivSIOp,
             arith::CeilDivUIOp, arith::FloorDivSIOp, arith::RemSIOp, arith::RemUIOp, arith::MinSIOp, arith::MaxSIOp, arith::MinUIOp, arith::MaxUIOp>(op);
}

static LogicalResult verifyGrid(KernelOp kernel) {
  Block &grid = kernel.getGrid().front();
  for (Operation &op : grid) {
    bool isIndexOnly = llvm::all_of(op.getOperandTypes(), [](Type t) { return t.isIndex(); }) &&
                       llvm::all_of(op.getResultTypes(), [](Type t) { return t.isIndex(); });
    if (!isGridOp(&op) || !isIndexOnly)
      return op.emitOpError("is not allowed in a grid region, which expects arithmetic on index arguments");
  }
  if (grid.empty() || !isa<GridYieldOp>(grid.back()))
    return kernel.emitOpError("expects the grid region to end with tile.grid_yield");
  if (unsigned n = grid.back().getNumOperands(); n < 1 || n > 3)
    return grid.back().emitOpError() << "expects 1 to 3 extents, but got " << n;
  return success();
}

//===-- Body ----------------------------------------------------------------------===//

static LogicalResult verifyFastMath(Operation *op) {
  auto fast = dyn_cast<arith::ArithFastMathInterface>(op);
  if (!fast || !fast.getFastMathFlagsAttr())
    return success();
  using Flags = arith::FastMathFlags;
  Flags flags = fast.getFastMathFlagsAttr().getValue();
  Flags allowed = Flags::contract;
  if (isa<math::Exp2Op, math::Log2Op, math::TanhOp, math::RsqrtOp, arith::DivFOp>(op))
    allowed = allowed | Flags::afn;
  if ((flags & ~allowed) != Flags::none)
    return op->emitOpError() << "expects fast-math flags among " << arith::stringifyFastMathFlags(allowed) << ", but got "
                             << arith::stringifyFastMathFlags(flags);
  return success();
}

static LogicalResult verifyScalarOp(Operation *op) {
  if (isa<math::ExpOp>(op))
    return op->emitOpError("is not legal in a kernel: multiply by log2(e) and use math.exp2");
  if (isa<math::LogOp, math::Log10Op>(op))
    return op->emitOpError("is not legal in a kernel: use math.log2 and multiply");
  if (!isLegalScalarOp(op))
    return op->emitOpError("is not legal in a kernel");
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    if (auto elements = dyn_cast<ElementsAttr>(constant.getValue()); elements && !elements.isSplat())
      return op->emitOpError("expects a splat as tile constant; other constants are tile.constant");
  return verifyFastMath(op);
}

/// C22 to C24: which ops a body may hold.
static LogicalResult verifyOpKind(KernelOp kernel, Operation *op) {
  if (auto level = dyn_cast<TileLevelOpInterface>(op)) {
    if (!(level.legalLevels() & (1u << static_cast<unsigned>(kernel.getLevel()))))
      return op->emitOpError() << "is not legal at level " << stringifyLevel(kernel.getLevel());
    return success();
  }
  if (isa<arith::ArithDialect, math::MathDialect>(op->getDialect()))
    return verifyScalarOp(op);
  if (auto loop = dyn_cast<scf::ForOp>(op); loop && loop.getUnsignedCmp())
    return op->emitOpError("expects a signed loop in a kernel, but got unsigned");
  if (isa<scf::ForOp, scf::IfOp, scf::WhileOp, scf::YieldOp, scf::ConditionOp>(op))
    return success();
  return op->emitOpError("is not allowed in a tile.kernel");
}

/// C20, C21, C27: the types of what an op defines.
static LogicalResult verifyDefinedTypes(KernelOp kernel, Operation *op) {
  bool allowEncoding = kernel.getLevel() == Level::Layout || kernel.getLevel() == Level::Sync;
  auto verifyType = [&](Type type, bool mayBeView) -> LogicalResult {
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      return verifyTileType(op, tensor, allowEncoding);
    if (isa<ShapedType>(type))
      return op->emitOpError() << "expects tiles and scalars, but got " << type;
    if (isa<ViewType, PtrType>(type) && !mayBeView)
      return op->emitOpError() << "must not pass on views and pointers, but got " << type;
    return success();
  };
  for (Type type : op->getResultTypes())
    if (failed(verifyType(type, isa<ViewOp, SubviewOp>(op))))
      return failure();
  for (Region &region : op->getRegions())
    for (Type type : region.getArgumentTypes())
      if (failed(verifyType(type, false)))
        return failure();
  return success();
}

/// C26: stores go to written pointers.
static LogicalResult verifyWritten(KernelOp kernel, Operation *op, Value view) {
  if (!kernel.getAccessAttr())
    return success();
  unsigned i = pointerOf(view).getArgNumber();
  if (!kernel.isWritten(i))
    return op->emitOpError() << "expects a written pointer, but got " << kernel.paramName(i) << " with access read";
  return success();
}

LogicalResult KernelOp::verifyRegions() {
  if (failed(verifyNames(*this)) || failed(verifyArguments(*this)) || failed(verifyAssumptions(*this)) || failed(verifyGrid(*this)))
    return failure();
  unsigned gridRank = getGrid().front().back().getNumOperands();
  WalkResult body = getBody().walk<WalkOrder::PreOrder>([&](Operation *op) -> WalkResult {
    if (failed(verifyOpKind(*this, op)) || failed(verifyDefinedTypes(*this, op)))
      return WalkResult::interrupt();
    if (isa<NumSmsOp>(op))
      return op->emitOpError("stands in grid regions only");
    if (auto id = dyn_cast<ProgramIdOp>(op); id && id.getDim() >= gridRank)
      return op->emitOpError() << "expects a dim of the grid, which has " << gridRank << ", but got " << id.getDim();
    if (auto store = dyn_cast<StoreOp>(op))
      return verifyWritten(*this, op, store.getView());
    if (auto accumulate = dyn_cast<AccumulateOp>(op))
      return verifyWritten(*this, op, accumulate.getView());
    return WalkResult::advance();
  });
  return failure(body.wasInterrupted());
}
