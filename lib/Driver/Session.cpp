// SPDX-License-Identifier: Apache-2.0
#include "Session.h"
#include "seqc/Interpreter/Tensor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include <cstdlib>
#include <cstring>
#include <random>

using namespace llvm;

namespace seqc::driver {

constexpr size_t kAlign = 64;

//===-- HostTensor ---------------------------------------------------------------===//

int64_t dtypeBytes(StringRef dtype) {
  Expected<interp::DType> t = interp::parseDType(dtype);
  if (!t) {
    consumeError(t.takeError());
    return 0;
  }
  return interp::byteSize(*t);
}

int64_t HostTensor::elements() const {
  int64_t n = 1;
  for (int64_t d : shape)
    n *= d;
  return n;
}

int64_t HostTensor::bytes() const { return elements() * dtypeBytes(dtype); }

Expected<HostTensor> HostTensor::make(StringRef dtype, std::vector<int64_t> shape) {
  int64_t bytes = dtypeBytes(dtype);
  for (int64_t d : shape)
    if (d < 0 || MulOverflow(bytes, d, bytes))
      return fail(ExitCode::Usage, "E2001", "a tensor of this shape does not fit in memory");
  size_t padded = alignTo(std::max<int64_t>(bytes, 1), kAlign);
  char *memory = static_cast<char *>(std::aligned_alloc(kAlign, padded));
  if (!memory)
    return fail(ExitCode::Device, "E5001", "out of memory for a tensor of " + std::to_string(bytes) + " bytes");
  HostTensor t;
  t.dtype = dtype.str();
  t.shape = std::move(shape);
  t.data = std::shared_ptr<char>(memory, std::free);
  return t;
}

double HostTensor::get(int64_t i) const {
  interp::DType t = cantFail(interp::parseDType(dtype));
  return interp::Tensor::fromBytes(t, {}, data.get() + i * interp::byteSize(t)).data[0];
}

void HostTensor::set(int64_t i, double value) {
  interp::DType t = cantFail(interp::parseDType(dtype));
  std::vector<char> bytes = interp::Tensor(t, {}, value).toBytes();
  std::memcpy(data.get() + i * bytes.size(), bytes.data(), bytes.size());
}

std::complex<double> HostTensor::getComplex(int64_t i) const {
  interp::DType t = cantFail(interp::parseDType(dtype));
  return interp::Tensor::fromBytes(t, {}, data.get() + i * interp::byteSize(t)).complexAt(0);
}

std::string HostTensor::text(int64_t i) const {
  std::string s;
  raw_string_ostream os(s);
  std::complex<double> z = getComplex(i);
  os << format("%.6g", z.real());
  if (isComplex())
    os << format("%+.6gi", z.imag());
  return s;
}

void HostTensor::setComplex(int64_t i, std::complex<double> value) {
  interp::Tensor t(cantFail(interp::parseDType(dtype)), {});
  t.setComplex(0, value);
  std::vector<char> bytes = t.toBytes();
  std::memcpy(data.get() + i * bytes.size(), bytes.data(), bytes.size());
}

//===-- Session -----------------------------------------------------------------===//

Error fromStatus(seqc_rt_status_t status, StringRef path) {
  if (status == SEQC_RT_OK)
    return Error::success();
  std::string message = seqc_rt_last_error();
  if (!StringRef(message).starts_with(path))
    message = (path + ": " + message).str();
  switch (status) {
  case SEQC_RT_NOT_FOUND:
  case SEQC_RT_IO_ERROR:
    return fail(ExitCode::Damaged, "E4001", message);
  case SEQC_RT_BAD_PACKAGE:
  case SEQC_RT_DIGEST_MISMATCH:
    return fail(ExitCode::Damaged, "E4003", message);
  case SEQC_RT_UNSUPPORTED:
    return fail(ExitCode::Unsupported, "E3002", message);
  case SEQC_RT_INVALID_ARGUMENT:
    return fail(ExitCode::Usage, "E2001", message);
  case SEQC_RT_TENSOR_MISMATCH:
  case SEQC_RT_CONSTRAINT_VIOLATED:
  case SEQC_RT_SIZE_OVERFLOW:
    return fail(ExitCode::Rejected, "E4004", message);
  default:
    return fail(ExitCode::Device, "E5001", message);
  }
}

static Expected<seqc_rt_device_t> parseDevice(StringRef text) {
  if (text == "cpu")
    return seqc_rt_device_t{SEQC_RT_CPU, 0};
  int32_t ordinal = 0;
  if (text.consume_front("cuda") && (text.empty() || (text.consume_front(":") && !text.getAsInteger(10, ordinal))))
    return seqc_rt_device_t{SEQC_RT_CUDA, ordinal};
  return fail(ExitCode::Usage, "E2001", "expects a device cpu or cuda:N, but got '" + text.str() + "'");
}

Expected<Session> Session::open(StringRef path, const Options &options) {
  seqc_rt_open_options_t open = SEQC_RT_OPEN_OPTIONS_INIT;
  Expected<seqc_rt_device_t> device = parseDevice(options.device);
  if (!device)
    return device.takeError();
  open.device = *device;
  open.num_threads = options.threads;
  open.inspect_only = options.inspectOnly;
  Session session;
  session.file = path.str();
  seqc_rt_package_t *handle = nullptr;
  if (Error e = fromStatus(seqc_rt_package_open(session.file.c_str(), &open, &handle), path))
    return std::move(e);
  session.handle = std::shared_ptr<seqc_rt_package_t>(handle, seqc_rt_package_close);
  return session;
}

Expected<json::Value> Session::manifest() const {
  const char *text;
  size_t size;
  if (Error e = fromStatus(seqc_rt_package_manifest(package(), &text, &size), file))
    return std::move(e);
  Expected<json::Value> parsed = json::parse(StringRef(text, size));
  if (parsed && parsed->getAsObject())
    return parsed;
  if (!parsed)
    consumeError(parsed.takeError());
  return fail(ExitCode::Damaged, "E4003", file + ": the manifest is not a JSON object");
}

Expected<const seqc_rt_function_t *> Session::function(StringRef name) const {
  const seqc_rt_function_t *fn = nullptr;
  std::string text = name.str();
  seqc_rt_status_t status = seqc_rt_package_find_function(package(), name.empty() ? nullptr : text.c_str(), &fn);
  if (status == SEQC_RT_NOT_FOUND)
    return fail(ExitCode::Usage, "E2001", file + ": " + seqc_rt_last_error());
  if (Error e = fromStatus(status, file))
    return std::move(e);
  return fn;
}

namespace {
/// DLTensors that describe host tensors for one call.
class Arguments {
public:
  Arguments(ArrayRef<HostTensor> tensors, bool isInput, const seqc_rt_function_t *fn) : storage(tensors.size()) {
    for (size_t i = 0; i < tensors.size(); ++i) {
      const seqc_rt_tensor_info_t *info = isInput ? seqc_rt_function_input(fn, i) : seqc_rt_function_output(fn, i);
      DLTensor &t = storage[i];
      t = DLTensor{};
      t.data = tensors[i].data.get();
      t.ndim = static_cast<int>(tensors[i].shape.size());
      t.shape = const_cast<int64_t *>(tensors[i].shape.data());
      t.dtype = info && tensors[i].dtype == info->dtype_name ? info->dtype : dlType(tensors[i].dtype);
      t.device.device_type = kDLCPU;
      pointers.push_back(&t);
    }
  }
  DLTensor *const *data() const { return pointers.data(); }
  int32_t size() const { return static_cast<int32_t>(pointers.size()); }

private:
  static DLDataType dlType(StringRef dtype) {
    auto bits = static_cast<uint8_t>(dtypeBytes(dtype) * 8);
    if (dtype == "bf16")
      return {kDLBfloat, bits, 1};
    if (dtype.starts_with("c"))
      return {kDLComplex, bits, 1};
    return {static_cast<uint8_t>(dtype.starts_with("f") ? kDLFloat : dtype == "i1" ? kDLUInt : kDLInt), bits, 1};
  }
  std::vector<DLTensor> storage;
  std::vector<DLTensor *> pointers;
};
} // namespace

Expected<std::vector<HostTensor>> Session::makeOutputs(const seqc_rt_function_t *fn, ArrayRef<HostTensor> inputs) const {
  int32_t n = seqc_rt_function_num_outputs(fn);
  std::vector<HostTensor> outputs(n);
  for (int32_t i = 0; i < n; ++i) {
    const seqc_rt_tensor_info_t *info = seqc_rt_function_output(fn, i);
    outputs[i].dtype = info->dtype_name;
    outputs[i].shape.assign(info->rank, 0);
  }
  Arguments in(inputs, true, fn), out(outputs, false, fn);
  if (Error e = fromStatus(seqc_rt_function_infer_shapes(fn, in.data(), in.size(), out.data(), n), file))
    return std::move(e);
  for (HostTensor &t : outputs) {
    Expected<HostTensor> made = HostTensor::make(t.dtype, t.shape);
    if (!made)
      return made.takeError();
    t = *made;
  }
  return outputs;
}

Error Session::callInto(const seqc_rt_function_t *fn, ArrayRef<HostTensor> inputs, MutableArrayRef<HostTensor> outputs) const {
  Arguments in(inputs, true, fn), out(outputs, false, fn);
  return fromStatus(seqc_rt_function_call(fn, in.data(), in.size(), out.data(), out.size(), nullptr, 0, nullptr), file);
}

Expected<std::vector<HostTensor>> Session::call(const seqc_rt_function_t *fn, ArrayRef<HostTensor> inputs) const {
  Expected<std::vector<HostTensor>> outputs = makeOutputs(fn, inputs);
  if (!outputs)
    return outputs.takeError();
  if (Error e = callInto(fn, inputs, *outputs))
    return std::move(e);
  return outputs;
}

//===-- Generated inputs ----------------------------------------------------------===//

Expected<StringMap<int64_t>> parseDims(StringRef text) {
  StringMap<int64_t> dims;
  SmallVector<StringRef> parts;
  text.split(parts, ',', -1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    auto [name, number] = part.split('=');
    int64_t value;
    if (number.getAsInteger(10, value) || value < 0)
      return fail(ExitCode::Usage, "E2001", "expects shapes as B=2,L=64, but got '" + part.str() + "'");
    if (!dims.try_emplace(name.trim(), value).second)
      return fail(ExitCode::Usage, "E2001", "expects one size for dim " + name.trim().str() + ", but got '" + text.str() + "'");
  }
  return dims;
}

Expected<std::vector<HostTensor>> makeInputs(const seqc_rt_function_t *fn, const StringMap<int64_t> &dims, uint64_t seed) {
  std::vector<HostTensor> inputs;
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  StringSet<> used;
  for (int32_t i = 0; i < seqc_rt_function_num_inputs(fn); ++i) {
    const seqc_rt_tensor_info_t *info = seqc_rt_function_input(fn, i);
    std::vector<int64_t> shape;
    for (int32_t d = 0; d < info->rank; ++d) {
      const seqc_rt_dim_t &dim = info->dims[d];
      auto it = dim.size >= 0 ? dims.end() : dims.find(dim.text);
      if (dim.size < 0 && it == dims.end())
        return fail(ExitCode::Usage, "E2001", std::string("no size for dim ") + dim.text + " of input " + info->name + "; give --shapes=" + dim.text + "=N");
      shape.push_back(dim.size >= 0 ? dim.size : it->second);
      if (dim.size < 0)
        used.insert(dim.text);
    }
    Expected<HostTensor> t = HostTensor::make(info->dtype_name, shape);
    if (!t)
      return t.takeError();
    std::memset(t->data.get(), 0, t->bytes());
    if (StringRef(info->dtype_name).contains('f'))
      for (int64_t e = 0; e < t->elements(); ++e)
        t->set(e, uniform(random));
    if (StringRef(info->dtype_name).starts_with("c"))
      for (int64_t e = 0; e < t->elements(); ++e) {
        double re = uniform(random);
        t->setComplex(e, {re, uniform(random)});
      }
    inputs.push_back(*t);
  }
  for (const auto &entry : dims)
    if (!used.contains(entry.getKey()))
      return fail(ExitCode::Usage, "E2001", ("the function has no dim '" + entry.getKey() + "'; `seqc inspect` lists them").str());
  return inputs;
}

} // namespace seqc::driver
