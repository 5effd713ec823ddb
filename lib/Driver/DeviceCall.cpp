// SPDX-License-Identifier: Apache-2.0
#include "DeviceCall.h"
#include <chrono>

using namespace llvm;

namespace seqc::driver {

namespace {
/// A tensor whose memory belongs to the device.
struct DeviceTensor {
  std::vector<int64_t> shape;
  DLTensor tensor{};
};
} // namespace

struct DeviceCall::Resources {
  explicit Resources(const Session &session, const seqc_rt_function_t *fn) : session(session), fn(fn) {}
  Resources(const Resources &) = delete;
  ~Resources() {
    for (seqc_rt_event_t *e : {begin, end})
      seqc_rt_event_destroy(session.package(), e);
    for (void *p : memory)
      seqc_rt_memory_free(session.package(), p);
    seqc_rt_stream_destroy(session.package(), stream);
  }

  Error check(seqc_rt_status_t status) const { return fromStatus(status, session.path()); }

  Expected<void *> allocate(size_t bytes) {
    void *pointer = nullptr;
    if (Error e = check(seqc_rt_memory_alloc(session.package(), bytes, &pointer)))
      return std::move(e);
    memory.push_back(pointer);
    return pointer;
  }

  Error add(std::vector<std::unique_ptr<DeviceTensor>> &list, const HostTensor &host, const seqc_rt_tensor_info_t *info, bool copies) {
    Expected<void *> data = allocate(host.bytes());
    if (!data)
      return data.takeError();
    auto t = std::make_unique<DeviceTensor>();
    t->shape = host.shape;
    seqc_rt_device_t device = seqc_rt_package_device(session.package());
    t->tensor.device = {device.type == SEQC_RT_CUDA ? kDLCUDA : kDLCPU, device.ordinal};
    t->tensor.dtype = info->dtype;
    t->tensor.ndim = static_cast<int32_t>(t->shape.size());
    t->tensor.shape = t->shape.data();
    t->tensor.data = *data;
    list.push_back(std::move(t));
    if (!copies)
      return Error::success();
    return check(seqc_rt_memory_copy(session.package(), *data, host.data.get(), host.bytes(), SEQC_RT_TO_DEVICE, stream));
  }

  static std::vector<DLTensor *> pointers(const std::vector<std::unique_ptr<DeviceTensor>> &list) {
    std::vector<DLTensor *> all;
    for (const auto &t : list)
      all.push_back(&t->tensor);
    return all;
  }

  Session session;
  const seqc_rt_function_t *fn;
  seqc_rt_stream_t stream = nullptr;
  seqc_rt_event_t *begin = nullptr, *end = nullptr;
  std::vector<void *> memory;
  std::vector<std::unique_ptr<DeviceTensor>> inputs, outputs;
  void *workspace = nullptr;
  size_t workspaceBytes = 0;
};

Expected<DeviceCall> DeviceCall::make(const Session &session, const seqc_rt_function_t *fn, ArrayRef<HostTensor> inputs) {
  auto r = std::make_shared<Resources>(session, fn);
  seqc_rt_package_t *package = session.package();
  if (Error e = r->check(seqc_rt_stream_create(package, &r->stream)))
    return std::move(e);
  for (seqc_rt_event_t **event : {&r->begin, &r->end})
    if (Error e = r->check(seqc_rt_event_create(package, event)))
      return std::move(e);
  for (size_t i = 0; i < inputs.size(); ++i)
    if (Error e = r->add(r->inputs, inputs[i], seqc_rt_function_input(fn, i), true))
      return std::move(e);
  Expected<std::vector<HostTensor>> outputs = session.makeOutputs(fn, inputs);
  if (!outputs)
    return outputs.takeError();
  for (size_t i = 0; i < outputs->size(); ++i)
    if (Error e = r->add(r->outputs, (*outputs)[i], seqc_rt_function_output(fn, i), false))
      return std::move(e);
  std::vector<DLTensor *> in = Resources::pointers(r->inputs);
  if (Error e = r->check(seqc_rt_function_workspace_bytes(fn, in.data(), in.size(), &r->workspaceBytes)))
    return std::move(e);
  Expected<void *> workspace = r->allocate(r->workspaceBytes);
  if (!workspace)
    return workspace.takeError();
  r->workspace = *workspace;
  return DeviceCall(std::move(r));
}

Expected<DeviceCall::Times> DeviceCall::run(int calls) {
  Resources &r = *resources;
  seqc_rt_package_t *package = r.session.package();
  std::vector<DLTensor *> in = Resources::pointers(r.inputs), out = Resources::pointers(r.outputs);
  if (Error e = r.check(seqc_rt_event_record(package, r.begin, r.stream)))
    return std::move(e);
  auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < calls; ++i)
    if (Error e = r.check(seqc_rt_function_call(r.fn, in.data(), in.size(), out.data(), out.size(), r.workspace, r.workspaceBytes, r.stream)))
      return std::move(e);
  double host = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  if (Error e = r.check(seqc_rt_event_record(package, r.end, r.stream)))
    return std::move(e);
  Times times;
  if (Error e = r.check(seqc_rt_event_elapsed(package, r.begin, r.end, &times.deviceMs)))
    return std::move(e);
  times.deviceMs /= calls;
  times.hostMs = host / calls;
  return times;
}

} // namespace seqc::driver
