// SPDX-License-Identifier: Apache-2.0
// MLIR's opt main with all dialects and passes of seqc.
#include "seqc/Pipelines/Pipelines.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  seqc::registerAllDialects(registry);
  seqc::registerAllPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "seqc optimizer driver\n", registry));
}
