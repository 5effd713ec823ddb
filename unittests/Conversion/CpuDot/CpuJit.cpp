// SPDX-License-Identifier: Apache-2.0
#include "CpuJit.h"
#include "seqc/Conversion/TileToCpu.h"
#include "seqc/Emit/CpuObject.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"
#include <chrono>

using namespace mlir;

namespace seqc {

static double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

CpuJit::CpuJit() {
  context.loadDialect<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect, math::MathDialect, scf::SCFDialect, vector::VectorDialect>();
  DialectRegistry registry;
  registerCpuTranslations(registry);
  arith::registerConvertArithToLLVMInterface(registry);
  context.appendDialectRegistry(registry);
  moduleRef = ModuleOp::create(UnknownLoc::get(&context));
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

bool CpuJit::compile(const CpuTarget &target) {
  double t0 = now();
  if (!lower(*moduleRef))
    return false;
  double t1 = now();
  llvm::ExitOnError check("jit: ");
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> llvmModule = check(emitLlvm(*moduleRef, target, *llvmContext));
  llvm::orc::JITTargetMachineBuilder machineBuilder{llvm::Triple(target.triple)};
  machineBuilder.setCPU(target.cpu).setCodeGenOptLevel(check(createMachine(target))->getOptLevel());
  SmallVector<StringRef> features;
  StringRef(target.features).split(features, ',', -1, /*KeepEmpty=*/false);
  machineBuilder.addFeatures(std::vector<std::string>(features.begin(), features.end()));
  jit = check(llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(std::move(machineBuilder)).create());
  auto functions = moduleRef->getOps<LLVM::LLVMFuncOp>();
  auto isVisible = [](LLVM::LLVMFuncOp f) { return !f.isExternal() && f.getLinkage() == LLVM::Linkage::External; };
  std::string first = (*llvm::find_if(functions, isVisible)).getName().str();
  check(jit->addIRModule(llvm::orc::ThreadSafeModule(std::move(llvmModule), std::move(llvmContext))));
  lookup(first); // compiles now
  lowerSeconds = t1 - t0;
  llvmSeconds = now() - t1;
  return true;
}

std::string CpuJit::assembly(const CpuTarget &target) {
  if (!lower(*moduleRef))
    return "";
  llvm::ExitOnError check("jit: ");
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> llvmModule = check(emitLlvm(*moduleRef, target, llvmContext));
  std::unique_ptr<llvm::TargetMachine> machine = check(createMachine(target));
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
