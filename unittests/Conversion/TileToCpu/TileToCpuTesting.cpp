// SPDX-License-Identifier: Apache-2.0
#include "TileToCpuTesting.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "seqc/Emit/CpuObject.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"
#include <chrono>
#include <cmath>
#include <cstring>
#include <dlfcn.h>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir;

namespace seqc::test {

using interp::DType;
using interp::Tensor;

void loadDialects(MLIRContext &context) {
  DialectRegistry registry;
  registry.insert<tile::TileDialect, func::FuncDialect>();
  arith::registerConvertArithToLLVMInterface(registry);
  registerCpuTranslations(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  loadCpuDialects(context);
}

std::string readInput(StringRef name) {
  auto buffer = llvm::MemoryBuffer::getFile(Twine(SEQC_SOURCE_DIR "/test/Dialect/Tile/Inputs/") + name);
  return buffer ? (*buffer)->getBuffer().str() : "";
}

OwningOpRef<ModuleOp> parse(MLIRContext &context, const Run &run) {
  std::string text = run.text;
  for (const auto &[name, value] : run.substitutions)
    for (size_t at; (at = text.find("$" + name)) != std::string::npos;)
      text.replace(at, name.size() + 1, value);
  auto module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    ADD_FAILURE() << "does not parse:\n" << text;
  return module;
}

// -- native code -------------------------------------------------------------------------------------------------------

Native::Native(ModuleOp source, StringRef cpu) {
  auto start = std::chrono::steady_clock::now();
  llvm::ExitOnError check("native: ");
  CpuTarget target = check(CpuTarget::get(cpu));
  OwningOpRef<ModuleOp> module = ModuleOp::create(source.getLoc());
  for (auto kernel : source.getOps<tile::KernelOp>()) {
    FailureOr<int64_t> bytes = convertTileToCpu(kernel, *module, target);
    if (failed(bytes))
      return;
    scratch[kernel.getSymName()] = *bytes;
  }
  if (failed(verify(*module)))
    return;
  PassManager pm(source.getContext());
  buildCpuToLlvmPipeline(pm);
  if (failed(pm.run(*module)))
    return;
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> llvmModule = check(emitLlvm(*module, target, context));
  llvm::Expected<std::vector<char>> bytes = emitSharedObject(*llvmModule, target);
  if (!bytes) {
    ADD_FAILURE() << toString(bytes.takeError());
    return;
  }
  image = std::move(*bytes);
  seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  int fd = memfd_create("kernels", 0);
  if (write(fd, image.data(), image.size()) != static_cast<ssize_t>(image.size()))
    return;
  handle = dlopen(("/proc/self/fd/" + std::to_string(fd)).c_str(), RTLD_NOW | RTLD_LOCAL);
  close(fd);
  if (!handle)
    ADD_FAILURE() << dlerror();
}

Native::~Native() {
  if (handle)
    dlclose(handle);
}

Native::Function Native::function(StringRef name) const { return reinterpret_cast<Function>(dlsym(handle, name.str().c_str())); }

// -- memory ------------------------------------------------------------------------------------------------------------

namespace {
/// Memory with a page that faults behind it (or, `atStart`, in front of it).
class Fenced {
public:
  Fenced(int64_t bytes, bool atStart, int fill) {
    int64_t page = sysconf(_SC_PAGESIZE), body = (bytes + page - 1) / page * page;
    size = body + 2 * page;
    map = static_cast<char *>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    std::memset(map, fill, size);
    mprotect(map, page, PROT_NONE);
    mprotect(map + page + body, page, PROT_NONE);
    data = atStart ? map + page : map + page + body - bytes;
  }
  Fenced(const Fenced &) = delete;
  ~Fenced() { munmap(map, size); }
  char *data;

private:
  char *map;
  int64_t size;
};

DType dtypeOf(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text == "index" ? DType::I64 : llvm::cantFail(interp::parseDType(text));
}

double roundingOf(DType t) { return t == DType::BF16 ? 0x1p-8 : t == DType::F16 ? 0x1p-10 : 0; }

void compare(const std::string &name, const Tensor &expected, const Tensor &actual, double tolerance) {
  int shown = 0;
  for (int64_t i = 0; i < expected.size(); ++i) {
    double e = expected.data[i], a = actual.data[i];
    bool isSame = e == a || (std::isnan(e) && std::isnan(a));
    if (!isSame && interp::isFloat(expected.dtype))
      isSame = std::fabs(e - a) <= (tolerance + 1.01 * roundingOf(expected.dtype)) * (1 + std::fabs(e));
    if (!isSame && shown++ < 4)
      ADD_FAILURE() << name << '[' << i << "]: expected " << e << ", got " << a;
  }
}

void runNative(const Run &run, tile::KernelOp kernel, bool atStart, const std::map<std::string, Tensor> &before, const std::map<std::string, Tensor> &expected,
               const Native &native) {
  std::map<std::string, std::unique_ptr<Fenced>> memories;
  std::vector<const void *> args;
  std::vector<std::vector<char>> numbers;
  numbers.reserve(kernel.getBody().getNumArguments());
  for (BlockArgument argument : kernel.getBody().getArguments()) {
    std::string name = kernel.paramName(argument.getArgNumber());
    if (isa<tile::PtrType>(argument.getType())) {
      std::vector<char> bytes = before.at(name).toBytes();
      auto &memory = memories[name] = std::make_unique<Fenced>(bytes.size(), atStart, 0xA5);
      std::memcpy(memory->data, bytes.data(), bytes.size());
      args.push_back(memory->data);
    } else {
      numbers.push_back(Tensor(dtypeOf(argument.getType()), {}, run.numbers.at(name)).toBytes());
      args.push_back(numbers.back().data());
    }
  }
  int64_t bytes = native.scratchBytes(kernel.getSymName());
  EXPECT_EQ(bytes % 64, 0);
  auto function = native.function(kernel.getSymName());
  int64_t cut = run.programs / 2;
  for (auto [begin, end] : {std::pair(int64_t(0), cut), std::pair(cut, run.programs)}) {
    Fenced scratch(bytes, atStart, 0xFF);
    function(args.data(), begin, end, scratch.data);
  }
  for (const auto &[name, tensor] : expected)
    compare(name, tensor, Tensor::fromBytes(tensor.dtype, tensor.shape, memories.at(name)->data), run.tolerance);
}
} // namespace

void expectSame(const Run &run) {
  MLIRContext context;
  loadDialects(context);
  OwningOpRef<ModuleOp> module = parse(context, run);
  if (!module)
    return;
  auto kernel = run.kernel.empty() ? *module->getOps<tile::KernelOp>().begin() : module->lookupSymbol<tile::KernelOp>(run.kernel);
  std::mt19937 random(7);
  std::map<std::string, Tensor> before;
  for (BlockArgument argument : kernel.getBody().getArguments()) {
    auto pointer = dyn_cast<tile::PtrType>(argument.getType());
    if (!pointer)
      continue;
    std::string name = kernel.paramName(argument.getArgNumber());
    ASSERT_TRUE(run.memories.count(name)) << "no memory for " << name;
    const Memory &memory = run.memories.at(name);
    Tensor t(dtypeOf(pointer.getElementType()), {memory.elements});
    for (int64_t i = 0; i < memory.elements; ++i) {
      double x = interp::isFloat(t.dtype) ? std::uniform_real_distribution<>(-1, 1)(random) : static_cast<double>(random() % 7) - (t.dtype == DType::I1 ? 0 : 3);
      if (t.dtype == DType::I1)
        x = random() & 1;
      t.data[i] = interp::roundTo(t.dtype, memory.value ? memory.value(i) : x);
    }
    before[name] = t;
  }
  std::map<std::string, Tensor> expected = before;
  std::vector<interp::KernelArg> args;
  for (BlockArgument argument : kernel.getBody().getArguments()) {
    std::string name = kernel.paramName(argument.getArgNumber());
    if (isa<tile::PtrType>(argument.getType()))
      args.push_back(&expected.at(name));
    else
      args.push_back(run.numbers.at(name));
  }
  if (llvm::Error e = interp::runKernel(kernel, args, {})) {
    ADD_FAILURE() << "interpreter: " << toString(std::move(e));
    return;
  }
  Native native(*module);
  ASSERT_TRUE(native.isGood());
  for (bool atStart : {false, true})
    runNative(run, kernel, atStart, before, expected, native);
}

} // namespace seqc::test
