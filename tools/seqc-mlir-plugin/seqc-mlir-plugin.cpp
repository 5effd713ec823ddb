// SPDX-License-Identifier: Apache-2.0
// mlir-opt --load-dialect-plugin=libseqc-mlir-plugin.so --load-pass-plugin=libseqc-mlir-plugin.so --pass-pipeline='builtin.module(seq-raise)' x.mlir
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Dialect/Seq/Transforms/Passes.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

extern "C" LLVM_ATTRIBUTE_WEAK mlir::DialectPluginLibraryInfo mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "seqc", "0.1.0", [](mlir::DialectRegistry *registry) { registry->insert<seqc::seq::SeqDialect>(); }};
}

extern "C" LLVM_ATTRIBUTE_WEAK mlir::PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "seqc", "0.1.0", [] { seqc::seq::registerSeqPasses(); }};
}
