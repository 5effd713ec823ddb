// SPDX-License-Identifier: Apache-2.0
// Facts about the uniform index values of a kernel: known numbers, divisors, signs. They decide vector widths and which bounds need a test.
#ifndef SEQC_LIB_CONVERSION_TILETONVVM_UNIFORM_H
#define SEQC_LIB_CONVERSION_TILETONVVM_UNIFORM_H

#include "seqc/Dialect/Tile/IR/Tile.h"

namespace seqc::gpu {

class UniformFacts {
public:
  explicit UniformFacts(tile::KernelOp kernel);
  /// A number that divides `v` whatever the arguments are; 0 divides by everything.
  int64_t divisor(mlir::OpFoldResult v);
  /// True if `v` is proved not to be negative.
  bool isNonNegative(mlir::OpFoldResult v);

private:
  int64_t computeDivisor(mlir::Value v);
  bool computeNonNegative(mlir::Value v);

  llvm::DenseMap<mlir::Value, int64_t> divisors;
  llvm::DenseMap<mlir::Value, bool> signs;
};

} // namespace seqc::gpu

#endif // SEQC_LIB_CONVERSION_TILETONVVM_UNIFORM_H
