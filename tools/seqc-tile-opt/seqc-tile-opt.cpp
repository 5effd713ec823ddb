// SPDX-License-Identifier: Apache-2.0
// Opt tool for the `tile` level: `seq` is not registered, so a leaked seq op cannot even parse.
#include "seqc/Dialect/Tile/Transforms/Passes.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<seqc::tile::TileDialect, mlir::arith::ArithDialect, mlir::math::MathDialect, mlir::scf::SCFDialect>();
  mlir::registerTransformsPasses();
  seqc::tile::registerTilePasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "seqc tile-level optimizer driver\n", registry));
}
