// SPDX-License-Identifier: Apache-2.0
// MLIR's opt main with all dialects and passes of seqc.
#include "seqc/Conversion/SeqToTile.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Dialect/Seq/Transforms/Passes.h"
#include "seqc/Dialect/Tile/Transforms/Passes.h"
#include "seqc/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<seqc::seq::SeqDialect, seqc::tile::TileDialect, mlir::arith::ArithDialect, mlir::math::MathDialect, mlir::scf::SCFDialect,
                  mlir::tensor::TensorDialect, mlir::linalg::LinalgDialect, mlir::func::FuncDialect, mlir::ml_program::MLProgramDialect,
                  mlir::LLVM::LLVMDialect, mlir::vector::VectorDialect>();
  seqc::seq::registerSeqPasses();
  seqc::tile::registerTilePasses();
  mlir::registerTransformsPasses();
  seqc::registerSeqToTilePasses();
  seqc::registerSeqcTransformsPasses();
  mlir::memref::registerResolveRankedShapeTypeResultDimsPass();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "seqc optimizer driver\n", registry));
}
