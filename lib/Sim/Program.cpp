// SPDX-License-Identifier: Apache-2.0
#include "seqc/Sim/Program.h"
#include "Machine.h"
#include "Rewrite.h"
#include "Runtime.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/Module.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include <mutex>

using namespace llvm;

namespace seqc::sim {

struct Program::Impl {
  orc::ThreadSafeContext context;
  std::unique_ptr<Module> original; // sites point into it
  std::unique_ptr<orc::LLJIT> jit;
  Image image;
  std::vector<Param::Kind> params;
  uint64_t threadLimit = UINT64_MAX; // of the kernel's attribute

  Impl(std::unique_ptr<LLVMContext> c, std::unique_ptr<Module> m) : context(std::move(c)), original(std::move(m)) {}
  Error compile(StringRef entry);
  Error link(std::unique_ptr<Module> module, const Rewritten &rewritten);
  Error check(const Launch &launch) const;
};

/// No feature that changes results is used: bf16 instructions, for one, flush subnormals.
static orc::JITTargetMachineBuilder hostMachine() {
  static std::once_flag once;
  std::call_once(once, [] {
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
  });
  orc::JITTargetMachineBuilder builder{Triple(sys::getProcessTriple())};
  StringMap<bool> features = sys::getHostCPUFeatures();
  if (builder.getTargetTriple().getArch() == Triple::x86_64 && features.lookup("avx2") && features.lookup("fma") && features.lookup("f16c") &&
      features.lookup("bmi2"))
    builder.setCPU("x86-64-v3");
  builder.setCodeGenOptLevel(CodeGenOptLevel::Less);
  return builder;
}

/// Product of the extents of "nvvm.maxntid", the most threads a block may have.
static uint64_t attributeLimit(const Function &kernel) {
  Attribute attribute = kernel.getFnAttribute("nvvm.maxntid");
  if (!attribute.isValid())
    return UINT64_MAX;
  SmallVector<StringRef> extents;
  attribute.getValueAsString().split(extents, ',');
  uint64_t product = 1;
  for (StringRef extent : extents) {
    unsigned value = 1;
    extent.trim().getAsInteger(10, value);
    product *= value;
  }
  return product;
}

Error Program::Impl::compile(StringRef entry) {
  if (!original->getTargetTriple().isNVPTX())
    return createStringError(inconvertibleErrorCode(),
                             "expects a module for nvptx64-nvidia-cuda, but got triple `" + original->getTargetTriple().str() + "`");
  orc::JITTargetMachineBuilder builder = hostMachine();
  Expected<DataLayout> layout = builder.getDefaultDataLayoutForTarget();
  if (!layout)
    return layout.takeError();
  if (const Function *kernel = original->getFunction(entry))
    threadLimit = attributeLimit(*kernel);
  std::unique_ptr<Module> host = CloneModule(*original);
  Expected<Rewritten> rewritten = rewriteForHost(*host, *original, entry, *layout, builder.getTargetTriple());
  if (!rewritten)
    return rewritten.takeError();
  Expected<std::unique_ptr<orc::LLJIT>> created =
      orc::LLJITBuilder().setJITTargetMachineBuilder(std::move(builder)).setPlatformSetUp(orc::setUpInactivePlatform).create();
  if (!created)
    return created.takeError();
  jit = std::move(*created);
  return link(std::move(host), *rewritten);
}

Error Program::Impl::link(std::unique_ptr<Module> module, const Rewritten &rewritten) {
  orc::SymbolMap symbols;
  for (auto [name, address] : runtimeFunctions())
    symbols[jit->mangleAndIntern(name)] = {orc::ExecutorAddr::fromPtr(address), JITSymbolFlags::Exported | JITSymbolFlags::Callable};
  if (Error e = jit->getMainJITDylib().define(orc::absoluteSymbols(std::move(symbols))))
    return e;
  if (Error e = jit->addIRModule(orc::ThreadSafeModule(std::move(module), context)))
    return e;
  Expected<orc::ExecutorAddr> entry = jit->lookup(entryName);
  if (!entry)
    return entry.takeError();
  image.entry = entry->toPtr<void (*)(const uint64_t *)>();
  for (const Table &table : rewritten.tables) {
    Expected<orc::ExecutorAddr> address = jit->lookup(table.symbol);
    if (!address)
      return address.takeError();
    image.tables.push_back({address->toPtr<void *>(), table.bytes, table.writable, std::nullopt});
  }
  image.sites = rewritten.sites;
  params = rewritten.params;
  return Error::success();
}

//===- Launches -----------------------------------------------------------------------------------------------------------------------===//

static constexpr uint64_t maxThreads = 1024;
static constexpr uint32_t maxSharedBytes = 227 * 1024;

static Error bad(const Twine &expected, const Twine &got) {
  return createStringError(inconvertibleErrorCode(), "expects " + expected + ", but got " + got);
}

static StringRef name(Param::Kind kind) {
  static constexpr StringLiteral names[] = {"pointer", "i32", "i64", "f32"};
  return names[static_cast<unsigned>(kind)];
}

static Error checkRegions(ArrayRef<MemoryRegion> regions) {
  std::vector<std::pair<const char *, size_t>> ranges;
  for (const MemoryRegion &region : regions) {
    if (region.initialised && region.initialised->size() != region.bytes)
      return bad("one bit of `initialised` for each of the " + Twine(region.bytes) + " bytes of a region", Twine(region.initialised->size()));
    if (region.bytes)
      ranges.push_back({static_cast<const char *>(region.base), region.bytes});
  }
  llvm::sort(ranges);
  for (size_t i = 1; i < ranges.size(); ++i)
    if (ranges[i - 1].first + ranges[i - 1].second > ranges[i].first)
      return bad("memory regions that do not overlap", "two that do");
  return Error::success();
}

Error Program::Impl::check(const Launch &launch) const {
  uint64_t threads = 1, blocks = 1;
  for (unsigned axis = 0; axis < 3; ++axis) {
    threads *= launch.block[axis];
    blocks *= launch.grid[axis];
  }
  if (threads == 0 || threads > maxThreads)
    return bad("1 to 1024 threads in a block", Twine(threads));
  if (threads > threadLimit)
    return bad("at most " + Twine(threadLimit) + " threads in a block (nvvm.maxntid)", Twine(threads));
  if (blocks == 0)
    return bad("at least one block", "none");
  for (const Extent &block : launch.blocks)
    for (unsigned axis = 0; axis < 3; ++axis)
      if (block[axis] >= launch.grid[axis])
        return bad("blocks to run inside the grid", Twine(block[axis]) + " of " + Twine(launch.grid[axis]));
  if (launch.sharedBytes > maxSharedBytes)
    return bad("at most " + Twine(maxSharedBytes) + " bytes of shared memory", Twine(launch.sharedBytes));
  if (launch.params.size() != params.size())
    return bad(Twine(params.size()) + " parameters", Twine(launch.params.size()));
  for (size_t i = 0; i < params.size(); ++i)
    if (launch.params[i].kind != params[i])
      return bad("parameter " + Twine(i) + " to be of kind " + name(params[i]), name(launch.params[i].kind));
  return checkRegions(launch.memory);
}

//===- Program ------------------------------------------------------------------------------------------------------------------------===//

Program::Program(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
Program::Program(Program &&) = default;
Program &Program::operator=(Program &&) = default;
Program::~Program() = default;

Expected<Program> Program::compileText(StringRef text, StringRef entry) {
  auto context = std::make_unique<LLVMContext>();
  SMDiagnostic diagnostic;
  std::unique_ptr<Module> module = parseIR(MemoryBufferRef(text, "kernel"), diagnostic, *context);
  if (!module)
    return createStringError(inconvertibleErrorCode(), "line " + Twine(diagnostic.getLineNo()) + ": " + diagnostic.getMessage());
  auto impl = std::make_unique<Impl>(std::move(context), std::move(module));
  if (Error e = impl->compile(entry))
    return e;
  return Program(std::move(impl));
}

Expected<Program> Program::compile(const Module &module, StringRef entry) {
  SmallVector<char, 0> bitcode; // a copy in a context of its own
  raw_svector_ostream os(bitcode);
  WriteBitcodeToFile(module, os);
  return compileText(StringRef(bitcode.data(), bitcode.size()), entry);
}

Expected<Report> Program::run(const Launch &launch) const {
  if (Error e = impl->check(launch))
    return e;
  return Machine(impl->image, launch).run();
}

Expected<Report> run(const Module &module, StringRef entry, const Launch &launch) {
  Expected<Program> program = Program::compile(module, entry);
  if (!program)
    return program.takeError();
  return program->run(launch);
}

} // namespace seqc::sim
