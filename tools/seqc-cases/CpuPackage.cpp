// SPDX-License-Identifier: Apache-2.0
// Native code through the runtime's C ABI, with poisoned and guarded memory.
#include "Levels.h"
#include "seqc/Driver/Compile.h"
#include "seqc_rt/seqc_rt.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace llvm;

namespace seqc::cases {

using interp::Tensor;

namespace {
constexpr size_t kAlign = 64, kGuard = 4096;
constexpr char kPoison = '\xFF'; // NaN in every float type, -1 in integers

/// `size` bytes aligned to 64 between two guards, all poisoned.
class GuardedBuffer {
public:
  explicit GuardedBuffer(size_t size) : size(size), memory(size + 2 * kGuard + kAlign, kPoison) {
    start = alignTo(reinterpret_cast<uintptr_t>(memory.data()) + kGuard, kAlign) - reinterpret_cast<uintptr_t>(memory.data());
  }
  char *data() { return memory.data() + start; }
  bool isGuardIntact() const {
    auto poisoned = [&](size_t from, size_t to) { return std::all_of(memory.begin() + from, memory.begin() + to, [](char c) { return c == kPoison; }); };
    return poisoned(0, start) && poisoned(start + size, memory.size());
  }
  StringRef bytes() const { return StringRef(memory.data() + start, size); }

private:
  size_t size, start;
  std::vector<char> memory;
};

/// A tensor of a call with its memory and shape.
struct Argument {
  Argument(const seqc_rt_tensor_info_t *info, std::vector<int64_t> dims) : info(info), shape(std::move(dims)) {
    tensor.device = {kDLCPU, 0};
    tensor.dtype = info->dtype;
    tensor.ndim = static_cast<int32_t>(shape.size());
    tensor.shape = shape.data();
  }
  void allocate() {
    size_t bytes = (info->dtype.bits + 7) / 8;
    for (int64_t d : shape)
      bytes *= d;
    buffer = std::make_unique<GuardedBuffer>(bytes);
    tensor.data = buffer->data();
  }
  const seqc_rt_tensor_info_t *info;
  std::vector<int64_t> shape;
  DLTensor tensor{};
  std::unique_ptr<GuardedBuffer> buffer;
};

using Arguments = std::vector<std::unique_ptr<Argument>>;

std::vector<DLTensor *> pointers(const Arguments &arguments) {
  std::vector<DLTensor *> all;
  for (const auto &a : arguments)
    all.push_back(&a->tensor);
  return all;
}

Error fromStatus(seqc_rt_status_t status, const Twine &what) {
  if (status == SEQC_RT_OK)
    return Error::success();
  return createStringError(what + ": " + seqc_rt_status_name(status) + ": " + seqc_rt_last_error());
}

Expected<Arguments> makeArguments(const seqc_rt_function_t *fn, const Tensors &inputs) {
  Arguments arguments;
  for (auto [i, t] : enumerate(inputs)) {
    const seqc_rt_tensor_info_t *info = seqc_rt_function_input(fn, i);
    if (!info || interp::name(t.dtype) != info->dtype_name)
      return createStringError("the package has another signature than the graph");
    arguments.push_back(std::make_unique<Argument>(info, t.shape));
    arguments.back()->allocate();
    std::vector<char> bytes = t.toBytes();
    std::memcpy(arguments.back()->buffer->data(), bytes.data(), bytes.size());
  }
  return arguments;
}

Expected<Arguments> makeOutputs(const seqc_rt_function_t *fn, const Arguments &inputs) {
  Arguments outputs;
  for (int32_t i = 0; i < seqc_rt_function_num_outputs(fn); ++i) {
    const seqc_rt_tensor_info_t *info = seqc_rt_function_output(fn, i);
    outputs.push_back(std::make_unique<Argument>(info, std::vector<int64_t>(info->rank)));
  }
  std::vector<DLTensor *> in = pointers(inputs), out = pointers(outputs);
  if (Error e = fromStatus(seqc_rt_function_infer_shapes(fn, in.data(), in.size(), out.data(), out.size()), "infer_shapes"))
    return std::move(e);
  for (auto &o : outputs)
    o->allocate();
  return outputs;
}

/// One call with fresh poisoned outputs and workspace.
Expected<Arguments> callOnce(const seqc_rt_function_t *fn, const Arguments &inputs) {
  Expected<Arguments> outputs = makeOutputs(fn, inputs);
  if (!outputs)
    return outputs.takeError();
  std::vector<DLTensor *> in = pointers(inputs), out = pointers(*outputs);
  size_t bytes = 0;
  if (Error e = fromStatus(seqc_rt_function_workspace_bytes(fn, in.data(), in.size(), &bytes), "workspace_bytes"))
    return std::move(e);
  GuardedBuffer workspace(bytes);
  if (Error e = fromStatus(seqc_rt_function_call(fn, in.data(), in.size(), out.data(), out.size(), workspace.data(), bytes, nullptr), "call"))
    return std::move(e);
  if (!workspace.isGuardIntact())
    return createStringError("the function wrote outside of its workspace");
  for (const auto &o : *outputs)
    if (!o->buffer->isGuardIntact())
      return createStringError(Twine("the function wrote outside of output '") + o->info->name + "'");
  return outputs;
}
} // namespace

struct CpuPackage::State {
  SmallString<128> path;
  seqc_rt_package_t *handle = nullptr;
  ~State() {
    seqc_rt_package_close(handle);
    if (!path.empty())
      sys::fs::remove(path);
  }
};

CpuPackage::~CpuPackage() = default;

Expected<std::unique_ptr<CpuPackage>> CpuPackage::build(mlir::ModuleOp tileModule, StringRef cpu, int threads) {
  TargetOptions options;
  options.cpu = cpu.str();
  Expected<std::unique_ptr<TargetBackend>> target = createTarget("cpu", options);
  if (!target)
    return target.takeError();
  Expected<driver::Compiled> compiled = driver::compileKernels(tileModule, **target);
  if (!compiled)
    return compiled.takeError();
  std::unique_ptr<CpuPackage> package(new CpuPackage());
  package->state = std::make_unique<State>();
  State &state = *package->state;
  if (std::error_code error = sys::fs::createTemporaryFile("seqc-case", "seqc", state.path))
    return createStringError("no temporary file: " + error.message());
  if (Error e = driver::writePackage(*compiled, "", state.path))
    return std::move(e);
  seqc_rt_open_options_t open = SEQC_RT_OPEN_OPTIONS_INIT;
  open.num_threads = threads;
  if (Error e = fromStatus(seqc_rt_package_open(state.path.c_str(), &open, &state.handle), "open"))
    return std::move(e);
  return package;
}

Expected<Tensors> CpuPackage::call(const std::string &function, const Tensors &inputs) const {
  const seqc_rt_function_t *fn = nullptr;
  if (Error e = fromStatus(seqc_rt_package_find_function(state->handle, function.c_str(), &fn), "find_function"))
    return std::move(e);
  Expected<Arguments> in = makeArguments(fn, inputs);
  if (!in)
    return in.takeError();
  Expected<Arguments> first = callOnce(fn, *in);
  if (!first)
    return first.takeError();
  Expected<Arguments> second = callOnce(fn, *in);
  if (!second)
    return second.takeError();
  for (auto [argument, tensor] : zip_equal(*in, inputs)) {
    std::vector<char> bytes = tensor.toBytes();
    if (argument->buffer->bytes() != StringRef(bytes.data(), bytes.size()) || !argument->buffer->isGuardIntact())
      return createStringError(Twine("the function changed input '") + argument->info->name + "'");
  }
  Tensors results;
  for (auto [a, b] : zip_equal(*first, *second)) {
    if (a->buffer->bytes() != b->buffer->bytes())
      return createStringError(Twine("output '") + a->info->name + "' has other bits the second time");
    Expected<interp::DType> dtype = interp::parseDType(a->info->dtype_name);
    if (!dtype)
      return dtype.takeError();
    results.push_back(Tensor::fromBytes(*dtype, a->shape, a->buffer->data()));
  }
  return results;
}

} // namespace seqc::cases
