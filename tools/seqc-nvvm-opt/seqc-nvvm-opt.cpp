// SPDX-License-Identifier: Apache-2.0
// Opt tool for the `nvvm` level: only builtin, LLVM and NVVM are registered, so a leaked `tile` op cannot even parse.
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<mlir::LLVM::LLVMDialect, mlir::NVVM::NVVMDialect>();
  mlir::registerTransformsPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "seqc nvvm-level optimizer driver\n", registry));
}
