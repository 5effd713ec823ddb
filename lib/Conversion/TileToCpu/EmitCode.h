// SPDX-License-Identifier: Apache-2.0
// Small vocabulary shared by the emitters of the CPU lowering: sizes that are numbers when known, addresses as
// llvm.ptr plus element offsets, rank-1 vectors, counted loops. All index arithmetic is i64.
#ifndef SEQC_LIB_CONVERSION_TILETOCPU_EMITCODE_H
#define SEQC_LIB_CONVERSION_TILETOCPU_EMITCODE_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"

namespace seqc {

/// An i64 quantity: a number when known at emission, else an i64 value.
struct Size {
  Size(int64_t number) : number(number) {}
  explicit Size(mlir::Value value) : value(value) {}
  bool isKnown() const { return !value; }
  bool is(int64_t other) const { return isKnown() && number == other; }

  int64_t number = 0;
  mlir::Value value;
};

class Code {
public:
  Code(mlir::OpBuilder &builder, mlir::Location loc) : b(builder), loc(loc) {}

  mlir::OpBuilder &b;
  mlir::Location loc;

  // Sizes. `from` accepts integer attributes and index / i64 values; null gives `otherwise`.
  Size from(mlir::OpFoldResult size);
  Size from(mlir::Value size, int64_t otherwise);
  mlir::Value val(Size size);
  Size add(Size x, Size y);
  Size sub(Size x, Size y);
  Size mul(Size x, Size y);
  Size min(Size x, Size y);
  Size max(Size x, Size y);
  Size alignDown(Size x, int64_t powerOfTwo);
  /// x - x mod step, for x >= 0.
  Size multipleBelow(Size x, int64_t step);
  mlir::Value less(Size x, Size y);

  // Memory. `type` of a load is a scalar or a rank-1 vector; alignment is that of the element.
  mlir::Value at(mlir::Value pointer, mlir::Type element, Size offset);
  mlir::Value load(mlir::Type type, mlir::Value pointer);
  void store(mlir::Value value, mlir::Value pointer);
  /// Past the caches, to an address that is a multiple of `alignment` bytes; visible to other threads after a fence.
  void storeStreaming(mlir::Value value, mlir::Value pointer, unsigned alignment);
  /// Masked forms; `mask` null means all lanes. Lanes switched off load as zero.
  mlir::Value load(mlir::VectorType type, mlir::Value pointer, mlir::Value mask);
  void store(mlir::Value value, mlir::Value pointer, mlir::Value mask);
  /// Lanes [0, active) of a vector of `lanes` elements of the width of `element`; null when all are known to be active.
  mlir::Value mask(mlir::Type element, int64_t lanes, Size active);

  // Values.
  mlir::Value zero(mlir::Type type);
  mlir::Value splat(mlir::Value scalar, mlir::VectorType type);
  mlir::Value shuffle(mlir::Value x, mlir::Value y, llvm::ArrayRef<int64_t> lanes);
  /// f16, bf16 -> f32, i8 -> i32 (sign extended), scalars and vectors; the identity when the element is `element` already.
  mlir::Value widen(mlir::Value value, mlir::Type element);
  mlir::Value sum(mlir::Value x, mlir::Value y);
  /// x * y + z, fused for floats.
  mlir::Value multiplyAdd(mlir::Value x, mlir::Value y, mlir::Value z);

  // Control. A loop of one known trip is emitted straight, of none not at all.
  using Body = llvm::function_ref<void(Size)>;
  void loop(Size lower, Size upper, int64_t step, Body body);
  using CarriedBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(Size, mlir::ValueRange)>;
  llvm::SmallVector<mlir::Value> loop(Size lower, Size upper, int64_t step, mlir::ValueRange inits, CarriedBody body);
  /// Emits `then` and `otherwise` under a test of x < y, or one of them alone when the answer is known.
  void ifLess(Size x, Size y, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise);
};

} // namespace seqc

#endif // SEQC_LIB_CONVERSION_TILETOCPU_EMITCODE_H
