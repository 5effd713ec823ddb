// SPDX-License-Identifier: Apache-2.0
// One walk over a kernel at level layout that emits the code of one thread: every tile becomes the scalars that the thread holds, in the order
// of its register digits. Emitted: func, arith, math, scf on scalars, llvm for memory and intrinsics.
#ifndef SEQC_LIB_CONVERSION_TILETONVVM_KERNELEMITTER_H
#define SEQC_LIB_CONVERSION_TILETONVVM_KERNELEMITTER_H

#include "SharedPlan.h"
#include "Uniform.h"
#include "seqc/Layout/AccessPlan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/IRMapping.h"
#include <map>

namespace seqc::gpu {

using Regs = llvm::SmallVector<mlir::Value>;

/// A layout with what the thread adds to every coordinate: base (i32, from lane and warp) and a number per register.
struct Dist {
  layout::DigitMap map;
  llvm::SmallVector<std::vector<int32_t>> coords; ///< [dim][register]
  llvm::SmallVector<mlir::Value> base;            ///< [dim], i32
  mlir::Value owner;                              ///< i1: this thread is the first of those with the same elements; none if it is the only one
  int64_t regs() const { return map.size(layout::Axis::Reg); }
};

/// An extent, stride or coordinate: a number or an i64-like index value, with a number that divides it.
struct Size {
  mlir::Value value;
  int64_t number = 0, divisor = 1;
  bool isKnown() const { return !value; }
  bool is(int64_t n) const { return !value && number == n; }
};

struct View {
  mlir::Value ptr; ///< global pointer
  int64_t divisor; ///< of the pointer's offset from the argument, in elements
  llvm::SmallVector<Size> sizes, strides;
  mlir::Type element;
};

/// Memory of a tile: global with a stride per dim, or shared.
struct Access {
  mlir::Value base; ///< pointer to the element at coordinate 0 of every dim
  unsigned space;   ///< 1 global, 3 shared
  mlir::Type element;
  const layout::MemLayout *memory = nullptr;   ///< shared: addresses from `base` on
  llvm::SmallVector<Size> strides;             ///< global: per dim of the tile, in elements
  llvm::SmallVector<mlir::Value> lower, upper; ///< per dim of the tile, i32: valid coordinates are lower <= c < upper; none: no test
  llvm::SmallVector<int64_t> limitDivisors;    ///< per dim: divides lower and upper
  mlir::Value uniform;                         ///< i1: the tile is inside in the leading dims; none: it is
  int64_t divisor = 0;                         ///< of base, in elements
};

/// The accesses of one thread to a tile (layout::AccessPlan) with the thread's own part of the address, and what accesses share.
struct Placement {
  layout::AccessPlan plan;
  mlir::Value pointer; ///< global: with the thread's part
  mlir::Value offset;  ///< shared: the thread's part in bytes, i32; none: 0
  std::map<std::vector<int64_t>, mlir::Value> pointers;
  std::map<std::vector<int32_t>, mlir::Value> limits;
  llvm::ArrayRef<int32_t> registers(int64_t access) const { return llvm::ArrayRef(plan.regs).slice(access * plan.vecElems, plan.vecElems); }
};

class KernelEmitter {
public:
  KernelEmitter(tile::KernelOp kernel, mlir::OpBuilder &builder);
  llvm::FailureOr<mlir::func::FuncOp> emit();
  int64_t sharedBytes() const { return plan.totalBytes(); }
  int warps() const { return numWarps; }

private:
  // KernelEmitter.cpp: frame, control flow, scalars
  void emitFrame(mlir::func::FuncOp function);
  llvm::LogicalResult emitBlock(mlir::Block &block);
  llvm::LogicalResult emitOp(mlir::Operation *op);
  llvm::LogicalResult emitFor(mlir::Operation *op);
  llvm::LogicalResult emitIf(mlir::Operation *op);
  llvm::LogicalResult emitWhile(mlir::Operation *op);
  Regs flatten(mlir::ValueRange values);
  llvm::SmallVector<mlir::Type> flatTypes(mlir::TypeRange types);
  void bind(mlir::ValueRange values, mlir::ValueRange flat);

  // Coordinates.cpp
  const Dist &distOf(mlir::RankedTensorType type);
  const Dist &distOf(mlir::Value tile) { return distOf(llvm::cast<mlir::RankedTensorType>(tile.getType())); }
  mlir::Value digitOf(layout::Axis axis, int32_t div, int32_t mod);
  mlir::Value sumOf(llvm::ArrayRef<layout::Term> terms);
  mlir::Value ownerOf(const layout::DigitMap &map, llvm::ArrayRef<layout::Axis> axes = {layout::Axis::Lane, layout::Axis::Warp});

  // EmitMemory.cpp
  View viewOf(mlir::Value v);
  Size sizeOf(mlir::OpFoldResult v);
  Access globalAccess(mlir::Value view, llvm::ArrayRef<mlir::OpFoldResult> coords, mlir::RankedTensorType tile, llvm::ArrayRef<int64_t> inbounds,
                      int64_t gathered = -1);
  Access sharedAccess(const SharedTile &tile, mlir::Type element);
  Placement place(const Access &a, const Dist &dist, int maxVecBytes = 16);
  void placeGlobal(Placement &placed, const Access &a);
  void placeShared(Placement &placed, const Access &a);
  mlir::Value inside(const Access &a, const Dist &dist, Placement &placed, int64_t access);
  mlir::Value pointerTo(const Access &a, Placement &placed, int64_t access);
  Regs loadElements(const Access &a, const Placement &placed, double pad, llvm::function_ref<std::pair<mlir::Value, mlir::Value>(int64_t)> site);
  Regs loadTile(const Access &a, const Dist &dist, double pad);
  void storeTile(const Access &a, const Dist &dist, llvm::ArrayRef<mlir::Value> regs);
  void emitLoad(tile::LoadOp op);
  void emitStore(tile::StoreOp op);
  void emitGather(tile::GatherOp op);
  void emitLoadScalar(tile::LoadScalarOp op);
  llvm::LogicalResult emitAccumulate(tile::AccumulateOp op);
  void emitTable(tile::TableOp op);
  mlir::Value zeroMemory();

  // EmitShape.cpp
  void emitShape(mlir::Operation *op);
  void emitRelayout(tile::RelayoutOp op);
  Regs shuffled(const layout::Conversion &conversion, int64_t count, llvm::ArrayRef<mlir::Value> source);

  // EmitCompute.cpp
  void emitElementwise(mlir::Operation *op);
  void emitTruncToBf16(mlir::Operation *op);
  void emitMap(tile::MapOp op);
  void emitReduce(tile::ReduceOp op);
  void acrossWarps(tile::ReduceOp op, Regs &partial);
  mlir::Value shuffle(llvm::StringRef mode, mlir::Value v, mlir::Value operand);
  void emitScan(tile::ScanOp op);
  llvm::SmallVector<mlir::Value> combineScan(tile::ScanOp op, llvm::ArrayRef<mlir::Value> before, llvm::ArrayRef<mlir::Value> now);
  int32_t registerAt(const Dist &whole, const Dist &part, int64_t dim, int64_t t, int64_t r);
  Regs sliceAt(mlir::Value whole, mlir::Value part, int64_t dim, int64_t t);
  llvm::LogicalResult emitRecur(tile::RecurOp op);

  // EmitDot.cpp
  void emitDot(tile::DotOp op);
  void emitDotCode(tile::DotOp op);
  Regs emitMma(tile::DotOp op, Regs acc);
  Regs emitFma(tile::DotOp op, Regs acc);
  struct Fragments;
  Fragments fragmentsOf(mlir::Value operand, const layout::DigitMap &map);
  mlir::Value word(Fragments &f, int32_t low, int32_t high);
  Regs loadFragments(Fragments &f, int64_t access);
  struct LinearOperand;
  LinearOperand linearOperand(mlir::Value operand, int kDim);
  mlir::Value linearElement(LinearOperand &o, layout::Coord c, int64_t k, mlir::Type wanted);
  Regs mmaInstruction(mlir::Type element, llvm::ArrayRef<mlir::Value> words);
  mlir::Value packPair(mlir::Value low, mlir::Value high);

  // small builders
  mlir::Value i32(int64_t n);
  mlir::Value i64(int64_t n);
  mlir::Value toI64(mlir::Value v);
  mlir::Value shiftPointer(mlir::Value ptr, mlir::Type element, mlir::Value offset);
  mlir::Value shiftPointer(mlir::Value ptr, mlir::Type element, int64_t offset);
  mlir::Value load(mlir::Type type, mlir::Value ptr, int64_t align);
  mlir::Value fromMemory(mlir::Value v, mlir::Type element);
  mlir::Value toMemory(mlir::Value v);
  llvm::SmallVector<mlir::Value> callIntrinsic(llvm::StringRef name, llvm::ArrayRef<mlir::Type> results, mlir::ValueRange operands);
  void barrier();
  mlir::Value scalarConstant(mlir::Attribute value, mlir::Type type);
  mlir::Value andOf(mlir::Value a, mlir::Value b);

  mlir::OpBuilder &b;
  mlir::Location loc;
  tile::KernelOp kernel;
  int numWarps;
  UniformFacts facts;
  SharedPlan plan;
  mlir::Operation *entryEnd = nullptr; ///< values of lanes and warps are made before this op
  mlir::Value lane, warp, shared;
  mlir::IRMapping scalars;
  llvm::DenseMap<mlir::Value, View> views;
  llvm::DenseMap<mlir::Value, Regs> tiles;
  llvm::DenseMap<std::pair<mlir::Attribute, mlir::Type>, std::unique_ptr<Dist>> dists;
  std::map<std::tuple<layout::Axis, int32_t, int32_t>, mlir::Value> digits; ///< of lane and warp, made at the start of the kernel
};

/// Type in memory: i1 is a byte.
mlir::Type memoryType(mlir::Type element);
/// The combination of two elements of a reduction.
mlir::Value combine(mlir::OpBuilder &b, mlir::Location loc, llvm::StringRef kind, mlir::Value x, mlir::Value y);

} // namespace seqc::gpu

#endif // SEQC_LIB_CONVERSION_TILETONVVM_KERNELEMITTER_H
