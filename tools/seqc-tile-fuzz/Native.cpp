// SPDX-License-Identifier: Apache-2.0
#include "Native.h"
#include "seqc/Conversion/TileToCpu.h"
#include "seqc/Emit/CpuObject.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ExecutionEngine/Orc/CompileUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Target/TargetMachine.h"
#include <cstring>
#include <deque>

namespace seqc::fuzz {

NativeKernel::NativeKernel() = default;
NativeKernel::~NativeKernel() = default;

/// First diagnostic of `run`, which must fail.
static llvm::Error diagnosed(mlir::MLIRContext &context, llvm::function_ref<mlir::LogicalResult()> run) {
  std::string text;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
    if (text.empty() && d.getSeverity() == mlir::DiagnosticSeverity::Error)
      text = d.str();
    return mlir::success();
  });
  if (succeeded(run()))
    return llvm::Error::success();
  return llvm::createStringError(text.empty() ? "fails without a diagnostic" : text);
}

llvm::Error NativeKernel::compile(mlir::ModuleOp module, llvm::StringRef name) {
  mlir::MLIRContext &context = *module.getContext();
  loadCpuDialects(context);
  llvm::Expected<CpuTarget> target = CpuTarget::get("native");
  if (!target)
    return target.takeError();
  mlir::OwningOpRef<mlir::ModuleOp> code = mlir::ModuleOp::create(module.getLoc());
  llvm::Error lowered = diagnosed(context, [&]() -> mlir::LogicalResult {
    mlir::FailureOr<int64_t> bytes = convertTileToCpu(module.lookupSymbol<tile::KernelOp>(name), *code, *target);
    if (failed(bytes))
      return mlir::failure();
    scratchBytes = *bytes;
    mlir::PassManager pm(&context);
    buildCpuToLlvmPipeline(pm);
    return pm.run(*code);
  });
  if (lowered)
    return lowered;
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  llvm::Expected<std::unique_ptr<llvm::Module>> ir = emitLlvm(*code, *target, *llvmContext);
  if (!ir)
    return ir.takeError();
  // The product's code generator.
  using Compiler = std::unique_ptr<llvm::orc::IRCompileLayer::IRCompiler>;
  auto compiler = [&](const llvm::orc::JITTargetMachineBuilder &) -> llvm::Expected<Compiler> {
    llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine = createMachine(*target);
    if (!machine)
      return machine.takeError();
    return std::make_unique<llvm::orc::TMOwningSimpleCompiler>(std::move(*machine));
  };
  auto created = llvm::orc::LLJITBuilder().setCompileFunctionCreator(compiler).create();
  if (!created)
    return created.takeError();
  jit = std::move(*created);
  if (llvm::Error e = jit->addIRModule(llvm::orc::ThreadSafeModule(std::move(*ir), std::move(llvmContext))))
    return e;
  auto symbol = jit->lookup(name);
  if (!symbol)
    return symbol.takeError();
  function = symbol->toPtr<TaskFunction>();
  return llvm::Error::success();
}

namespace {
constexpr size_t kGuard = 256; // bytes on each side

/// Bytes with a guard of a fixed pattern on both sides; the payload is aligned to 64 bytes.
class Guarded {
public:
  explicit Guarded(size_t bytes) : bytes(bytes), storage(bytes + 2 * kGuard + 64, char(0xA5)) {
    auto address = reinterpret_cast<uintptr_t>(storage.data() + kGuard);
    payload = storage.data() + kGuard + (64 - address % 64) % 64;
  }
  char *data() { return payload; }
  bool isIntact() const {
    auto isPattern = [](char c) { return c == char(0xA5); };
    return std::all_of(storage.data(), static_cast<const char *>(payload), isPattern) &&
           std::all_of(static_cast<const char *>(payload) + bytes, storage.data() + storage.size(), isPattern);
  }

private:
  size_t bytes;
  std::vector<char> storage;
  char *payload;
};

std::vector<char> bytesOf(const Argument &a) {
  if (a.isPointer)
    return a.memory.toBytes();
  std::vector<char> bytes(8);
  auto i = static_cast<int64_t>(a.value);
  auto f = static_cast<float>(a.value);
  if (a.type == "index")
    std::memcpy(bytes.data(), &i, sizeof i);
  else
    std::memcpy(bytes.data(), &f, sizeof f);
  return bytes;
}
} // namespace

llvm::Expected<std::vector<interp::Tensor>> runTasks(TaskFunction function, size_t scratchBytes, const Program &program) {
  std::deque<Guarded> buffers;
  std::vector<const void *> args;
  for (const Argument &a : program.args) {
    std::vector<char> bytes = bytesOf(a);
    buffers.emplace_back(bytes.size());
    std::memcpy(buffers.back().data(), bytes.data(), bytes.size());
    args.push_back(buffers.back().data());
  }
  int64_t middle = program.tasks / 3;
  for (auto [begin, end] : {std::pair(middle, program.tasks), std::pair(int64_t(0), middle)}) {
    Guarded scratch(scratchBytes);
    std::memset(scratch.data(), 0xFF, scratchBytes);
    function(args.data(), begin, end, scratch.data());
    if (!scratch.isIntact())
      return llvm::createStringError("native code writes beyond its scratch");
  }
  std::vector<interp::Tensor> outputs;
  for (size_t i = 0; i < buffers.size(); ++i) {
    const Argument &a = program.args[i];
    if (!buffers[i].isIntact())
      return llvm::createStringError("native code writes outside of " + a.name);
    if (a.isOutput) {
      outputs.push_back(interp::Tensor::fromBytes(a.memory.dtype, a.memory.shape, buffers[i].data()));
      continue;
    }
    std::vector<char> bytes = bytesOf(a);
    if (std::memcmp(bytes.data(), buffers[i].data(), bytes.size()) != 0)
      return llvm::createStringError("native code changes " + a.name);
  }
  return outputs;
}

} // namespace seqc::fuzz
