// SPDX-License-Identifier: Apache-2.0
#include "seqc/Pipelines/Pipelines.h"
#include "seqc/Conversion/SeqToTile.h"
#include "seqc/Conversion/TileToCpu.h"
#include "seqc/Conversion/TileToNvvm.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Dialect/Seq/Transforms/Passes.h"
#include "seqc/Dialect/Tile/IR/Tile.h"
#include "seqc/Dialect/Tile/Transforms/Passes.h"
#include "seqc/Emit/CpuObject.h"
#include "seqc/Emit/GpuCode.h"
#include "seqc/Transforms/Passes.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace seqc {

void registerAllDialects(DialectRegistry &registry) {
  registry.insert<seq::SeqDialect, tile::TileDialect, arith::ArithDialect, complex::ComplexDialect, math::MathDialect, scf::SCFDialect, cf::ControlFlowDialect, tensor::TensorDialect,
                  linalg::LinalgDialect, func::FuncDialect, ml_program::MLProgramDialect, LLVM::LLVMDialect, NVVM::NVVMDialect, vector::VectorDialect>();
  arith::registerConvertArithToLLVMInterface(registry);
  registerCpuTranslations(registry);
  registerGpuTranslations(registry);
}

void buildSeqOptPipeline(OpPassManager &pm) {
  pm.addPass(seq::createVerifyGraphPass());
  pm.addNestedPass<func::FuncOp>(createShapeFacts());
  pm.addPass(seq::createRaisePass());
  pm.addPass(seq::createFftToButterflyPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(seq::createCanonicalizePass());
  pm.addPass(createCSEPass());
  pm.addNestedPass<func::FuncOp>(createFormKernels());
}

void buildTilePipeline(OpPassManager &pm, StringRef configs) {
  pm.addPass(createConvertSeqToTile(ConvertSeqToTileOptions{configs.str()}));
  pm.addPass(createCSEPass());
  pm.addNestedPass<tile::KernelOp>(tile::createTileCanonicalizePass());
  pm.addNestedPass<tile::KernelOp>(createCSEPass());
  pm.addNestedPass<tile::KernelOp>(tile::createTileProveBoundsPass());
  pm.addNestedPass<func::FuncOp>(createPlanBuffers());
}

void registerAllPasses() {
  seq::registerSeqPasses();
  tile::registerTilePasses();
  registerSeqToTilePasses();
  registerSeqcTransformsPasses();
  registerTileToCpuPasses();
  registerTileToNvvmPasses();
  registerTransformsPasses();
  memref::registerResolveRankedShapeTypeResultDimsPass();
  PassPipelineRegistration<>("seqc-seq-opt", "phase seq to seq-opt: check, raise, clean, cut into kernels", buildSeqOptPipeline);
  PassPipelineRegistration<>("seqc-tile", "phase seq-opt to tile: block kernels and planned host functions", [](OpPassManager &pm) { buildTilePipeline(pm, "cpu"); });
}

} // namespace seqc
