// SPDX-License-Identifier: Apache-2.0
#include "seqc/Emit/GpuCode.h"
#include "LlvmPasses.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include <mutex>

using namespace llvm;

namespace seqc {

void registerGpuTranslations(mlir::DialectRegistry &registry) {
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  mlir::registerNVVMDialectTranslation(registry);
}

static Expected<std::unique_ptr<TargetMachine>> machineFor(const GpuTarget &target) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
  Triple triple("nvptx64-nvidia-cuda");
  std::string error, version;
  const Target *backend = TargetRegistry::lookupTarget(triple, error);
  if (!backend)
    return createStringError("this LLVM has no NVPTX code generator: " + error);
  for (char c : target.ptxVersion)
    if (c != '.')
      version += c;
  return std::unique_ptr<TargetMachine>(
      backend->createTargetMachine(triple, target.arch, "+ptx" + version, {}, std::nullopt, std::nullopt, CodeGenOptLevel::Aggressive));
}

static Error optimize(Module &module, TargetMachine &machine) {
  // The emitter has unrolled what is to be unrolled; more only costs registers.
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  tuning.LoopUnrolling = false;
  tuning.LoopInterleaving = false;
  return runLlvmPasses(module, machine, tuning, [](PassBuilder &builder, ModulePassManager &passes) {
    passes = builder.buildPerModuleDefaultPipeline(OptimizationLevel::O2);
    return Error::success();
  });
}

Expected<std::unique_ptr<Module>> emitGpuLlvm(mlir::ModuleOp source, const GpuTarget &target, LLVMContext &context) {
  Expected<std::unique_ptr<TargetMachine>> machine = machineFor(target);
  if (!machine)
    return machine.takeError();
  std::unique_ptr<Module> module = mlir::translateModuleToLLVMIR(source, context, "seqc-kernels");
  if (!module)
    return createStringError("the module does not translate to LLVM IR");
  module->setTargetTriple((*machine)->getTargetTriple());
  module->setDataLayout((*machine)->createDataLayout());
  // Subnormals are kept: they cost nothing in additions and products, and LLVM would write setp.ftz.bf16, which PTX does not have.
  for (Function &f : *module)
    f.addFnAttr(Attribute::NoUnwind);
  if (Error e = optimize(*module, **machine))
    return std::move(e);
  return module;
}

Expected<std::string> emitPtx(Module &module, const GpuTarget &target) {
  Expected<std::unique_ptr<TargetMachine>> machine = machineFor(target);
  if (!machine)
    return machine.takeError();
  SmallString<0> text;
  raw_svector_ostream os(text);
  legacy::PassManager passes;
  if ((*machine)->addPassesToEmitFile(passes, os, nullptr, CodeGenFileType::AssemblyFile))
    return createStringError("the code generator cannot write PTX");
  passes.run(module);
  return std::string(text);
}

} // namespace seqc
