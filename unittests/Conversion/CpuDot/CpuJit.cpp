// SPDX-License-Identifier: Apache-2.0
#include "CpuJit.h"
#include "seqc/Conversion/TileToCpu.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"
#include <chrono>

using namespace mlir;

namespace seqc {

static double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

CpuJit::CpuJit() {
  context.loadDialect<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect, math::MathDialect, scf::SCFDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(context);
  registerLLVMDialectTranslation(context);
  DialectRegistry registry;
  arith::registerConvertArithToLLVMInterface(registry);
  context.appendDialectRegistry(registry);
  moduleRef = ModuleOp::create(UnknownLoc::get(&context));
  llvm::InitializeAllTargetInfos();
  llvm::InitializeAllTargets();
  llvm::InitializeAllTargetMCs();
  llvm::InitializeAllAsmPrinters();
}

CpuJit::~CpuJit() = default;

void CpuJit::addFunction(StringRef name, unsigned pointers, unsigned sizes, Fill fill) {
  OpBuilder b(&context);
  b.setInsertionPointToEnd(moduleRef->getBody());
  SmallVector<Type> types(pointers, LLVM::LLVMPointerType::get(&context));
  types.append(sizes, b.getI64Type());
  auto func = func::FuncOp::create(b, b.getUnknownLoc(), name, b.getFunctionType(types, {}));
  b.setInsertionPointToStart(func.addEntryBlock());
  fill(b, func.getArguments());
  func::ReturnOp::create(b, b.getUnknownLoc());
}

static bool lower(ModuleOp module) {
  PassManager pm(module.getContext());
  buildCpuToLlvmPipeline(pm);
  return succeeded(verify(module)) && succeeded(pm.run(module));
}

static std::unique_ptr<llvm::TargetMachine> machineFor(const CpuTarget &target) {
  std::string error;
  llvm::Triple triple(target.triple);
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple, error);
  return std::unique_ptr<llvm::TargetMachine>(
      backend->createTargetMachine(triple, target.cpu, target.features, {}, llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  for (llvm::Function &function : module) {
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    function.addFnAttr("target-features", machine.getTargetFeatureString());
  }
  llvm::PassBuilder builder(&machine);
  llvm::LoopAnalysisManager lam;
  llvm::FunctionAnalysisManager fam;
  llvm::CGSCCAnalysisManager cgam;
  llvm::ModuleAnalysisManager mam;
  builder.registerModuleAnalyses(mam);
  builder.registerCGSCCAnalyses(cgam);
  builder.registerFunctionAnalyses(fam);
  builder.registerLoopAnalyses(lam);
  builder.crossRegisterProxies(lam, fam, cgam, mam);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, mam);
}

bool CpuJit::compile(const CpuTarget &target) {
  double t0 = now();
  if (!lower(*moduleRef))
    return false;
  double t1 = now();
  auto machine = machineFor(target);
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> llvmModule = translateModuleToLLVMIR(*moduleRef, *llvmContext);
  if (!llvmModule)
    return false;
  optimize(*llvmModule, *machine);
  llvm::orc::JITTargetMachineBuilder machineBuilder{llvm::Triple(target.triple)};
  machineBuilder.setCPU(target.cpu).setCodeGenOptLevel(llvm::CodeGenOptLevel::Aggressive);
  SmallVector<StringRef> features;
  StringRef(target.features).split(features, ',', -1, /*KeepEmpty=*/false);
  machineBuilder.addFeatures(std::vector<std::string>(features.begin(), features.end()));
  llvm::ExitOnError check("jit: ");
  jit = check(llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(std::move(machineBuilder)).create());
  std::string first = cast<SymbolOpInterface>(moduleRef->getBody()->front()).getName().str();
  check(jit->addIRModule(llvm::orc::ThreadSafeModule(std::move(llvmModule), std::move(llvmContext))));
  lookup(first); // compiles now
  lowerSeconds = t1 - t0;
  llvmSeconds = now() - t1;
  return true;
}

std::string CpuJit::assembly(const CpuTarget &target) {
  if (!lower(*moduleRef))
    return "";
  auto machine = machineFor(target);
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> llvmModule = translateModuleToLLVMIR(*moduleRef, llvmContext);
  optimize(*llvmModule, *machine);
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream os(text);
  llvm::legacy::PassManager pm;
  machine->addPassesToEmitFile(pm, os, nullptr, llvm::CodeGenFileType::AssemblyFile);
  pm.run(*llvmModule);
  return std::string(text);
}

void *CpuJit::lookup(StringRef name) {
  llvm::ExitOnError check("jit: ");
  return check(jit->lookup(name)).toPtr<void *>();
}

} // namespace seqc
