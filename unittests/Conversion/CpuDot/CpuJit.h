// SPDX-License-Identifier: Apache-2.0
// Builds, lowers and runs functions of arith, math, scf, vector and llvm ops in this process. For tests and benchmarks.
#ifndef SEQC_UNITTESTS_CONVERSION_CPUDOT_CPUJIT_H
#define SEQC_UNITTESTS_CONVERSION_CPUDOT_CPUJIT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "seqc/Conversion/CpuTarget.h"
#include <memory>

namespace llvm::orc {
class LLJIT;
}

namespace seqc {

class CpuJit {
public:
  CpuJit();
  ~CpuJit();
  mlir::MLIRContext context;

  /// Adds `void name(pointers..., i64 sizes...)` whose body `fill` emits; arguments in that order.
  using Fill = llvm::function_ref<void(mlir::OpBuilder &, mlir::ValueRange)>;
  void addFunction(llvm::StringRef name, unsigned pointers, unsigned sizes, Fill fill);

  /// Lowers everything added so far and compiles it for `target`. False, with a message on stderr, on failure.
  bool compile(const CpuTarget &target);
  /// Assembly text of everything added so far, for any target; lowers the module like compile().
  std::string assembly(const CpuTarget &target);

  void *lookup(llvm::StringRef name);
  mlir::ModuleOp module() { return *moduleRef; }
  /// Seconds spent: in lowering, and in LLVM.
  double lowerSeconds = 0, llvmSeconds = 0;

private:
  mlir::OwningOpRef<mlir::ModuleOp> moduleRef;
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace seqc

#endif // SEQC_UNITTESTS_CONVERSION_CPUDOT_CPUJIT_H
