// SPDX-License-Identifier: Apache-2.0
// Math functions of GPU code: instructions where they are accurate enough (ex2, rsqrt: 2 ulp), the polynomials of ExpandMath for the rest.
#ifndef SEQC_LIB_CONVERSION_TILETONVVM_GPUMATH_H
#define SEQC_LIB_CONVERSION_TILETONVVM_GPUMATH_H

#include "mlir/Pass/Pass.h"

namespace seqc::gpu {
/// Pass `tile-gpu-expand-math`, on any op. Error: a math op without a GPU form for its type.
std::unique_ptr<mlir::Pass> createGpuMathPass();
void registerGpuMathPass();
} // namespace seqc::gpu

#endif // SEQC_LIB_CONVERSION_TILETONVVM_GPUMATH_H
