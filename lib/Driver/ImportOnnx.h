// SPDX-License-Identifier: Apache-2.0
// ONNX models in the driver: errors with their exit codes, weights as safetensors.
#ifndef SEQC_LIB_DRIVER_IMPORTONNX_H
#define SEQC_LIB_DRIVER_IMPORTONNX_H

#include "seqc/Driver/Driver.h"
#include "seqc/Emit/Safetensors.h"
#include "seqc/Import/Onnx.h"

namespace seqc::driver {

/// By its ending.
bool isOnnxPath(llvm::StringRef path);
/// Imports a file; prints the table of unsupported nodes to standard error.
llvm::Expected<onnx::Imported> importModel(llvm::StringRef path, mlir::MLIRContext &context, const onnx::ImportOptions &options);
/// Valid as long as the model's storage.
std::vector<SafetensorsTensor> safetensorsOf(const onnx::Imported &model);

} // namespace seqc::driver

#endif // SEQC_LIB_DRIVER_IMPORTONNX_H
