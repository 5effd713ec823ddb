// SPDX-License-Identifier: Apache-2.0
#include "seqc/Emit/CpuObject.h"
#include "LlvmPasses.h"
#include "seqc/Support/Errors.h"
#include "seqc/Support/Process.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/OptBisect.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include <mutex>

using namespace llvm;

namespace seqc {

void registerCpuTranslations(mlir::DialectRegistry &registry) {
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
}

Expected<std::unique_ptr<TargetMachine>> createMachine(const CpuTarget &target) {
  static std::once_flag once;
  std::call_once(once, [] {
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
  });
  std::string error;
  Triple triple(target.triple);
  const Target *backend = TargetRegistry::lookupTarget(triple, error);
  if (!backend)
    return createStringError("no code generator for " + target.triple + ": " + error);
  return std::unique_ptr<TargetMachine>(
      backend->createTargetMachine(triple, target.cpu, target.features, {}, Reloc::PIC_, std::nullopt, CodeGenOptLevel::Default));
}

std::vector<std::string> enabledFeatures(const CpuTarget &target) {
  // What cpuid tells, by LLVM's names; sorted.
  constexpr const char *kChecked[] = {"avx",         "avx2",        "avx512bitalg", "avx512bw",    "avx512cd",   "avx512dq",        "avx512f", "avx512fp16",
                                      "avx512ifma",  "avx512vbmi",  "avx512vbmi2",  "avx512vl",    "avx512vnni", "avx512vpopcntdq", "bmi",     "bmi2",
                                      "f16c",        "fma",         "gfni",         "lzcnt",       "movbe",      "popcnt",          "sse4.2",  "vaes",
                                      "vpclmulqdq"};
  std::vector<std::string> features;
  Expected<std::unique_ptr<TargetMachine>> machine = createMachine(target);
  if (!machine) {
    consumeError(machine.takeError());
    return features;
  }
  for (const char *f : kChecked)
    if ((*machine)->getMCSubtargetInfo()->checkFeatures(std::string("+") + f))
      features.push_back(f);
  return features;
}

/// The lowering has vectorised, unrolled and blocked what is worth it, and kernels call nothing. What is left for LLVM: common subexpressions, address
/// arithmetic, invariants out of loops, and the control flow of the bounds. The default pipelines take several times as long for the same code.
constexpr StringLiteral kPasses = "function(sroa,early-cse<memssa>,simplifycfg,instcombine<no-verify-fixpoint>,"
                                  "loop-mssa(loop-rotate,licm<allowspeculation>),gvn,instcombine<no-verify-fixpoint>,"
                                  "dse,adce,simplifycfg)";

/// Leaves out loop strength reduction, half of the code generator's time: loops of emitted code have one counter, and their addresses are what x86 addresses.
class NoStrengthReduction : public OptPassGate {
public:
  bool isEnabled() const override { return true; }
  bool shouldRunPass(StringRef pass, StringRef) const override { return pass != "Loop Strength Reduction"; }
};

static Error optimize(Module &module, TargetMachine &machine) {
  return runLlvmPasses(module, machine, {}, [](PassBuilder &builder, ModulePassManager &passes) { return builder.parsePassPipeline(passes, kPasses); });
}

Expected<std::unique_ptr<Module>> emitLlvm(mlir::ModuleOp source, const CpuTarget &target, LLVMContext &context) {
  Expected<std::unique_ptr<TargetMachine>> machine = createMachine(target);
  if (!machine)
    return machine.takeError();
  std::unique_ptr<Module> module = mlir::translateModuleToLLVMIR(source, context, "seqc-kernels");
  if (!module)
    return createStringError("the module does not translate to LLVM IR");
  static NoStrengthReduction gate;
  context.setOptPassGate(gate);
  module->setTargetTriple((*machine)->getTargetTriple());
  module->setDataLayout((*machine)->createDataLayout());
  for (Function &f : *module) {
    f.addFnAttr("target-cpu", (*machine)->getTargetCPU());
    f.addFnAttr("target-features", (*machine)->getTargetFeatureString());
    // Loops that copy or clear stay loops: the code is linked without a C library.
    f.addFnAttr("no-builtins");
    f.addFnAttr(Attribute::NoUnwind);
  }
  if (Error e = optimize(*module, **machine))
    return std::move(e);
  return module;
}

static Expected<SmallVector<char, 0>> emitObject(Module &module, TargetMachine &machine) {
  SmallVector<char, 0> object;
  raw_svector_ostream os(object);
  legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, os, nullptr, CodeGenFileType::ObjectFile))
    return createStringError("the code generator cannot write object files");
  passes.run(module);
  return object;
}

std::optional<std::string> findLinker() {
  constexpr StringRef kDebianFolder[] = {"/usr/lib/llvm-22/bin"};
  for (const char *name : {"ld.lld-22", "ld.lld"})
    for (ArrayRef<StringRef> folders : {ArrayRef<StringRef>(), ArrayRef<StringRef>(kDebianFolder)})
      if (ErrorOr<std::string> found = sys::findProgramByName(name, folders))
        return *found;
  return std::nullopt;
}

static Error writeAll(StringRef path, ArrayRef<char> bytes) {
  std::error_code ec;
  raw_fd_ostream os(path, ec);
  os.write(bytes.data(), bytes.size());
  os.close();
  if (ec || os.has_error()) {
    os.clear_error();
    return createStringError("cannot write " + path);
  }
  return Error::success();
}

Expected<std::vector<char>> emitSharedObject(Module &module, const CpuTarget &target) {
  Expected<std::unique_ptr<TargetMachine>> machine = createMachine(target);
  if (!machine)
    return machine.takeError();
  Expected<SmallVector<char, 0>> object = emitObject(module, **machine);
  if (!object)
    return object.takeError();
  std::optional<std::string> linker = findLinker();
  if (!linker)
    return fail(ExitCode::Unsupported, "E3002", "CPU code cannot be linked: ld.lld was not found on PATH; install the package lld-22");
  Expected<TemporaryFile> in = TemporaryFile::create("seqc", "o"), out = TemporaryFile::create("seqc", "so");
  if (!in || !out)
    return joinErrors(in ? Error::success() : in.takeError(), out ? Error::success() : out.takeError());
  if (Error e = writeAll(in->path(), *object))
    return std::move(e);
  Expected<ProgramResult> link = runProgram(*linker, {"-shared", "-nostdlib", "--build-id=none", "--no-undefined", "-z", "noexecstack", "--hash-style=gnu", "-o",
                                                      out->path(), in->path()});
  if (!link)
    return link.takeError();
  if (link->exitCode != 0)
    return createStringError("ld.lld failed (" + Twine(link->exitCode) + "): " + link->output);
  ErrorOr<std::unique_ptr<MemoryBuffer>> so = MemoryBuffer::getFile(out->path(), false, false);
  if (!so)
    return createStringError("cannot read the linked object: " + so.getError().message());
  return std::vector<char>((*so)->getBufferStart(), (*so)->getBufferEnd());
}

} // namespace seqc
